/* The head and the texts that all records have. */
#include "dirsyncd/entry_record.h"

#include <string.h>

#include "base/digest.h"
#include "bus/textlist.h"

struct head {
	uint64_t mark;
	uint8_t dn_digest[DN_DIGEST_SIZE];
	uint64_t flag; /* so that there is no padding, which has no value */
};

void entry_record_begin(struct buf *out, struct reading *r, const char *so)
{
	struct str dn = str_of(direntry_dn(r->entry));
	struct head head = {.flag = 0};

	if (dn_digest(dn, head.dn_digest) != 0)
		reading_complain(r, dn, "the entry's name cannot be read: %s", so);
	buf_put(out, &head, sizeof head);
	textlist_put(out, dn);
}

void entry_record_end(struct buf *out, const struct reading *r, bool flag)
{
	struct head head;

	textlist_put(out, buf_str(&r->complaints));
	if (buf_failed(out))
		return;
	memcpy(&head, out->data, sizeof head);
	head.mark = r->mark;
	head.flag = flag;
	memcpy(out->data, &head, sizeof head);
}

bool entry_record_take(struct str bytes, struct entry_record *out, struct str *const *texts, size_t n)
{
	struct str rest = str_make(bytes.p + sizeof(struct head), bytes.len - sizeof(struct head));
	struct head head;

	if (bytes.len < sizeof head)
		return false;
	memcpy(&head, bytes.p, sizeof head);
	out->flag = head.flag != 0;
	out->mark = head.mark;
	out->dn_digest = (const uint8_t *)bytes.p + offsetof(struct head, dn_digest);
	if (!textlist_take(&rest, &out->dn))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!textlist_take(&rest, texts[i]))
			return false;
	digest_128(bytes, out->digest);
	return textlist_take(&rest, &out->complaints);
}
