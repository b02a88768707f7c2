/* bulkheadctl ldap diff: the directory is read anew, and held against the mirror. */
#include <string.h>

#include "base/exits.h"
#include "base/list.h"
#include "directory/paged.h"
#include "dirsyncd/fate.h"
#include "dirsyncd/job.h"

/* A record of what was found; the local part follows, as the directory has it. */
struct found {
	uint8_t uuid[UUID_SIZE];
	bool locked;
};

/* ---- the thread ---------------------------------------------------------------------------- */

static bool is_over(void *job)
{
	return job_is_over(job);
}

static void on_entry(void *arg, const struct direntry *entry)
{
	struct job *j = arg;
	const struct directory *d = j->directory;
	struct str local = direntry_value(entry, d->user, 0);
	struct found f = {.locked = schema_is_locked(&d->schema, entry)};
	char *at;

	if (!schema_identity(&d->schema, entry, f.uuid))
		return;
	at = records_add(&j->found, sizeof f + local.len);
	if (at == NULL)
		return;
	memcpy(at, &f, sizeof f);
	if (local.len > 0)
		memcpy(at + sizeof f, local.p, local.len);
}

static void ask(struct job *j)
{
	const struct directory *d = j->directory;
	const struct schema *s = &d->schema;
	const char *attributes[] = {d->user, s->ids[0], NULL, NULL, NULL};
	const struct dirsearch search = {.base = d->base, .subtree = true, .filter = d->filter,
		.attributes = attributes, .exists = true, .over = is_over};
	struct dirconn *c = NULL;
	unsigned n = 2;

	if (s->ids[1] != NULL)
		attributes[n++] = s->ids[1];
	attributes[n] = s->lock.attribute;
	j->rc = dirconn_open(j->directory, true, &c, j->why);
	if (j->rc == 0)
		j->rc = dirconn_search_paged(c, &search, on_entry, j, j->why);
	dirconn_close(&c);
}

/* ---- the loop ------------------------------------------------------------------------------ */

/* Who is compared with what. */
struct comparison {
	struct job *job;
	const struct mirror *mirror;
	unsigned number;
};

/* In each of its domains. */
static void differs(const struct comparison *c, const char *local, const char *what)
{
	struct answer *a = c->job->answer;
	const char *domain;

	for (size_t i = 0; (domain = mirror_domain(c->mirror, i)) != NULL; i++) {
		answer_cell(a, "%s@%s", local, domain);
		answer_cell(a, "%s", what);
		answer_row(a);
	}
}

static void compare_known(const struct comparison *c, const struct known *k, const char *local, bool locked)
{
	char what[JID_PART_MAX + 64];

	if (k->held) {
		snprintf(what, sizeof what, "is held by the brake: %s", fate_name(k->going));
		differs(c, k->person.local, what);
	} else if (strcmp(k->person.local, local) != 0) {
		snprintf(what, sizeof what, "is called %s there", local);
		differs(c, k->person.local, what);
	} else if (k->person.locked != locked) {
		differs(c, k->person.local, locked ? "is disabled there" : "is enabled there");
	}
}

static void compare(const struct comparison *c, struct str record)
{
	char local[JID_PART_MAX + 1];
	struct str name = str_make(record.p + sizeof(struct found), record.len - sizeof(struct found));
	struct found f;
	struct known *k;
	size_t len = 0;

	memcpy(&f, record.p, sizeof f);
	if (name.len == 0 || jid_prepare_local(name, local, &len) != 0 || len == 0)
		return; /* it is none that could be known */
	local[len] = '\0';
	k = knowns_find(mirror_knowns(c->mirror), f.uuid);
	if (k == NULL) {
		differs(c, local, "is not known here");
		return;
	}
	k->found = c->number;
	compare_known(c, k, local, f.locked);
}

static void compare_missing(const struct comparison *c)
{
	struct map_walk walk;
	struct map_node *node;

	map_walk_start(&walk, &mirror_knowns(c->mirror)->by_uuid);
	while ((node = map_walk_next(&walk)) != NULL) {
		const struct known *k = container_of(node, struct known, by_uuid);

		if (k->found != c->number)
			differs(c, k->person.local, k->held ? "is held by the brake: removed" : "is not there");
	}
}

static void finish(struct job *j, struct mirror *m)
{
	uint64_t at = records_first(&j->found);
	const struct comparison c = {j, m, ++j->owner->comparisons};
	struct str record;

	if (j->rc != 0 || m == NULL) {
		answer_end(j->answer, EXIT_TEMPORARY, "%s", m != NULL ? j->why : "that directory is no longer followed");
		return;
	}
	while (records_next(&j->found, &at, &record))
		compare(&c, record);
	compare_missing(&c);
}

const struct job_kind job_diff = {"account what", ask, finish, false};
const struct job_kind job_diff_all = {"account what", ask, finish, true};
