/* From an entry to a record, and back. */
#include "dirsyncd/person.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/err.h"
#include "bus/textlist.h"
#include "dirsyncd/data.h"
#include "dirsyncd/profile.h"
#include "xmpp/fold.h"

enum { RECORD_VERSION = 1 };

static const char *const names[] = {"displayName", "cn", NULL};
static const char *const firsts[] = {"givenName", NULL};
static const char *const lasts[] = {"sn", NULL};
static const char *const emails[] = {"mail", NULL};

/* ---- which attributes ---------------------------------------------------------------------- */

/* Once. */
static void want(struct person_source *s, const char *attribute)
{
	if (attribute == NULL)
		return;
	for (size_t i = 0; i < s->nattributes; i++)
		if (strcasecmp(s->attributes[i], attribute) == 0)
			return;
	if (s->nattributes < PERSON_ATTRIBUTES_MAX)
		s->attributes[s->nattributes] = attribute;
	s->nattributes++;
}

static void want_all(struct person_source *s, const char *const *attributes)
{
	for (; *attributes != NULL; attributes++)
		want(s, *attributes);
}

static void want_profile(struct person_source *s, const struct profile_map *map)
{
	for (size_t i = 0; i < map->n; i++)
		for (size_t k = 0; k < map->rules[i].n; k++)
			if (map->picture_max > 0 || map->rules[i].element->shape != PROFILE_PICTURE)
				want(s, map->rules[i].sources[k].attribute);
}

/* The number goes up with what person_read() makes of an entry. */
static void digest_source(struct person_source *s)
{
	const struct directory *d = s->directory;
	struct buf form = BUF_INIT;

	textlist_printf(&form, "%u", RECORD_VERSION);
	textlist_printf(&form, "%s", d->base);
	textlist_printf(&form, "%s", d->filter);
	textlist_printf(&form, "%s", d->user);
	textlist_printf(&form, "%s", d->schema.name);
	if (s->profile != NULL)
		profile_map_describe(s->profile, &form);
	digest_128(buf_str(&form), s->digest);
	buf_fini(&form);
}

int person_source_init(struct person_source *s, const struct directory *directory, struct profile_map *profile)
{
	*s = (struct person_source){.directory = directory, .profile = profile};
	want(s, directory->user);
	want(s, directory->schema.lock.attribute);
	want_all(s, names);
	want_all(s, firsts);
	want_all(s, lasts);
	want_all(s, emails);
	if (profile != NULL)
		want_profile(s, profile);
	digest_source(s);
	return s->nattributes <= PERSON_ATTRIBUTES_MAX ? 0 : BH_ECONFIG;
}

void person_source_fini(struct person_source *s)
{
	profile_map_free(&s->profile);
}

/* ---- the thread ---------------------------------------------------------------------------- */

static void put_profile(const struct person_source *s, struct reading *r, struct buf *out)
{
	struct buf xml = BUF_INIT;

	if (s->profile != NULL)
		profile_write(s->profile, r, &xml);
	textlist_put(out, buf_str(&xml));
	buf_fini(&xml);
}

void person_read(const void *arg, const struct direntry *entry, struct buf *out)
{
	const struct person_source *s = arg;
	const struct directory *d = s->directory;
	struct reading r;

	reading_init(&r, entry);
	entry_record_begin(out, &r, "it is in no group");
	textlist_put(out, direntry_value(entry, d->user, 0));
	textlist_put(out, reading_first(&r, names, PERSON_TEXT_MAX));
	textlist_put(out, reading_first(&r, firsts, PERSON_TEXT_MAX));
	textlist_put(out, reading_first(&r, lasts, PERSON_TEXT_MAX));
	textlist_put(out, reading_first(&r, emails, PERSON_TEXT_MAX));
	put_profile(s, &r, out);
	entry_record_end(out, &r, schema_is_locked(&d->schema, entry));
	reading_fini(&r);
}

/* ---- the loop ------------------------------------------------------------------------------ */

bool person_take(struct str record, struct person_record *out)
{
	struct str *const texts[] = {&out->local, &out->name, &out->first, &out->last, &out->email, &out->profile};
	bool good = entry_record_take(record, &out->entry, texts, sizeof texts / sizeof texts[0]);

	out->locked = good && out->entry.flag;
	return good;
}

void person_fini(struct person *p)
{
	free(p->local);
	free(p->name);
	free(p->in_groups);
}

static void set_name(struct person *p, struct str name)
{
	free(p->name);
	p->name = bh_strndup(name.len > 0 ? name.p : "", name.len);
}

void person_set(struct person *p, const struct person_record *r)
{
	memcpy(p->digest, r->entry.digest, sizeof p->digest);
	memcpy(p->dn, r->entry.dn_digest, sizeof p->dn);
	set_name(p, r->name);
}

/* ---- the store ----------------------------------------------------------------------------- */

/* As searches compare it; what cannot be folded is not found. */
static void store_key(struct store_tx *tx, struct str text)
{
	struct buf key = BUF_INIT;

	(void)fold_text(&key, text);
	store_text(tx, buf_str(&key));
	buf_fini(&key);
}

void person_write_profile(struct store_tx *tx, const char *directory, const struct person *p, const struct person_record *r)
{
	const struct str texts[] = {r->first, r->last, r->name, r->email};

	store_text(tx, str_of(directory));
	store_blob(tx, str_make(p->uuid, UUID_SIZE));
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		store_text(tx, texts[i]);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		store_key(tx, texts[i]);
	store_blob(tx, r->profile);
	store_do(tx, SQL_PROFILE_PUT);
}

void person_write(struct store_tx *tx, const struct person *p)
{
	store_blob(tx, str_make(p->uuid, UUID_SIZE));
	store_text(tx, str_of(p->local));
	store_int(tx, p->locked);
	store_blob(tx, str_make(p->dn, sizeof p->dn));
	store_text(tx, str_of(p->name));
	store_blob(tx, str_make(p->digest, sizeof p->digest));
}

/* Older rows have none. */
static void load_digest(uint8_t out[DN_DIGEST_SIZE], struct str column)
{
	if (column.len == DN_DIGEST_SIZE)
		memcpy(out, column.p, DN_DIGEST_SIZE);
}

void person_load(struct person *p, const struct store_rows *row)
{
	load_digest(p->dn, store_row_text(row, 4));
	set_name(p, store_row_text(row, 5));
	load_digest(p->digest, store_row_text(row, 6));
}
