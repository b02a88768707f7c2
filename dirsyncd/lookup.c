/* A search, and a look into the mirror. */
#include "dirsyncd/lookup.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "bus/textlist.h"
#include "directory/filter.h"
#include "dirsyncd/fate.h"

enum { FOUND_MAX = 20 };

static char *value_of(const struct direntry *entry, const char *attribute)
{
	struct str value = attribute != NULL ? direntry_value(entry, attribute, 0) : STR_NONE;

	return value.p != NULL ? bh_strndup(value.p, value.len) : bh_strdup("-");
}

static void on_entry(void *arg, const struct direntry *entry)
{
	struct lookup *l = arg;
	const struct directory *d = l->directory;

	if (l->n++ > 0) {
		textlist_put(&l->others, str_of(direntry_dn(entry)));
		return;
	}
	l->dn = bh_strdup(direntry_dn(entry));
	l->user = value_of(entry, d->user);
	l->lock = value_of(entry, d->schema.lock.attribute);
	l->locked = schema_is_locked(&d->schema, entry);
}

int lookup(struct dirconn *c, struct str local, struct lookup *l, char *why)
{
	const struct directory *d = dirconn_directory(c);
	const char *const attributes[] = {d->user, d->schema.lock.attribute, NULL};
	struct buf filter = BUF_INIT;

	*l = (struct lookup){.directory = d, .others = BUF_INIT};
	filter_put_one(&filter, d->filter, d->user, local);
	l->filter = bh_strdup((const char *)filter.data);
	buf_fini(&filter);
	return dirconn_search(c,
		&(struct dirsearch){
			.base = d->base, .subtree = true, .filter = l->filter, .attributes = attributes, .limit = FOUND_MAX},
		on_entry, l, why);
}

void lookup_fini(struct lookup *l)
{
	free(l->filter);
	free(l->dn);
	free(l->user);
	free(l->lock);
	buf_fini(&l->others);
}

const char *lookup_verdict(const struct lookup *l)
{
	if (l->n == 0)
		return "no entry there is that account";
	if (l->n > 1)
		return "more than one entry has that name: nobody can log in";
	return l->locked ? "it is disabled there" : "it may log in";
}

void lookup_standing(const struct mirror *m, struct str local, char out[LOOKUP_STANDING_SIZE])
{
	const struct known *k = m != NULL ? knowns_named(mirror_knowns(m), local) : NULL;
	char since[CLOCK_STAMP_SIZE];

	if (k == NULL) {
		snprintf(out, LOOKUP_STANDING_SIZE, "no");
		return;
	}
	clock_stamp(k->since, since);
	snprintf(out, LOOKUP_STANDING_SIZE, "since %s, %s%s%s", since, k->person.locked ? "disabled" : "enabled",
		k->held ? "; held by the brake: " : "", k->held ? fate_name(k->going) : "");
}
