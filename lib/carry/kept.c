/* Copies of what a peer has not acknowledged. */
#include "carry/kept.h"

/* A record: this, then from, additions, stanza. */
struct entry {
	uint64_t n, number, mac;
	struct bus_id origin;
	uint32_t branch, from_len, additions_len, len;
	bool additions;
};

void kept_add(struct records *kept, const struct msg_deliver *m, uint64_t n)
{
	struct entry e = {
		.n = n,
		.number = m->number,
		.mac = m->mac,
		.origin = m->origin,
		.branch = m->branch,
		.from_len = m->from.len,
		.additions_len = m->additions.len,
		.len = m->stanza.len,
		.additions = m->additions.p != NULL,
	};
	size_t size = sizeof e + e.from_len + e.additions_len + e.len;
	char *p = records_add(kept, size);

	if (p == NULL)
		return; /* then it is in routerd's memory only */
	p = mempcpy(p, &e, sizeof e);
	if (e.from_len > 0)
		p = mempcpy(p, m->from.p, e.from_len);
	if (e.additions_len > 0)
		p = mempcpy(p, m->additions.p, e.additions_len);
	memcpy(p, m->stanza.p, e.len);
}

void kept_drop(struct records *kept, uint64_t n)
{
	uint64_t at = records_first(kept);
	struct str record;

	while (records_next(kept, &at, &record)) {
		struct entry e;

		memcpy(&e, record.p, sizeof e);
		if (e.n > n)
			return;
		records_drop(kept);
		at = records_first(kept);
	}
}

bool kept_next(const struct records *kept, uint64_t *at, struct msg_restore_stanza *m)
{
	struct str record;
	struct entry e;
	const char *p;

	if (!records_next(kept, at, &record))
		return false;
	memcpy(&e, record.p, sizeof e);
	p = record.p + sizeof e;
	*m = (struct msg_restore_stanza){
		.n = e.n,
		.origin = e.origin,
		.number = e.number,
		.branch = e.branch,
		.mac = e.mac,
		.from = str_make(p, e.from_len),
		.additions = e.additions ? str_make(p + e.from_len, e.additions_len) : STR_NONE,
		.stanza = str_make(p + e.from_len + e.additions_len, e.len),
	};
	return true;
}
