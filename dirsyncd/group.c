/* From an entry to a record, and back. */
#include "dirsyncd/group.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "bus/textlist.h"
#include "dirsyncd/data.h"
#include "xmpp/jid.h"

/* It goes up with what group_read() makes of an entry. */
enum { RECORD_VERSION = 1 };

/* ---- which entries ------------------------------------------------------------------------- */

static const char *text(const struct conf *conf, size_t i, const char *setting, const char *otherwise)
{
	const char *value = conf_directory_text(conf, i, setting);

	return value != NULL && *value != '\0' ? value : otherwise;
}

static void digest_source(struct group_source *s)
{
	struct buf form = BUF_INIT;

	textlist_printf(&form, "%u", RECORD_VERSION);
	textlist_printf(&form, "%s", s->base);
	textlist_printf(&form, "%s", s->filter);
	for (size_t i = 0; s->attributes[i] != NULL; i++)
		textlist_printf(&form, "%s", s->attributes[i]);
	digest_128(buf_str(&form), s->digest);
	buf_fini(&form);
}

bool group_source_init(struct group_source *s, const struct conf *conf, size_t i)
{
	const struct group_schema *schema = group_schema_find(conf_directory_text(conf, i, "schema"));
	const char *base = text(conf, i, "group_base", NULL);
	size_t n = 0;

	*s = (struct group_source){.schema = schema};
	if (base == NULL || schema == NULL)
		return false;
	s->base = bh_strdup(base);
	s->filter = bh_strdup(text(conf, i, "group_filter", schema->filter));
	s->name = bh_strdup(text(conf, i, "group_name", "cn"));
	s->attributes[n++] = s->name;
	s->attributes[n++] = schema->members;
	if (schema->unique_members != NULL)
		s->attributes[n++] = schema->unique_members;
	if (schema->users != NULL)
		s->attributes[n++] = schema->users;
	digest_source(s);
	return true;
}

void group_source_fini(struct group_source *s)
{
	free(s->base);
	free(s->filter);
	free(s->name);
}

/* ---- the thread ---------------------------------------------------------------------------- */

/* What stands for a member in the list; false: nothing can. */
typedef bool digest_fn(struct str value, uint8_t out[DN_DIGEST_SIZE]);

static bool by_name(struct str value, uint8_t out[DN_DIGEST_SIZE])
{
	return dn_digest(value, out) == 0;
}

static bool by_unique_name(struct str value, uint8_t out[DN_DIGEST_SIZE])
{
	return dn_digest(dn_without_uid(value), out) == 0;
}

static bool by_user(struct str value, uint8_t out[DN_DIGEST_SIZE])
{
	char local[JID_PART_MAX + 1];
	size_t len;

	if (value.len == 0 || jid_prepare_local(value, local, &len) != 0)
		return false;
	membership_user(str_make(local, len), out);
	return true;
}

/* false: they are too many. */
static bool put_members(struct buf *out, struct reading *r, const char *attribute, digest_fn *fn)
{
	size_t n = attribute != NULL ? direntry_count(r->entry, attribute) : 0;
	uint8_t digest[DN_DIGEST_SIZE];

	for (size_t i = 0; i < n; i++) {
		struct str value = direntry_value(r->entry, attribute, i);

		if (out->len == (size_t)GROUP_MEMBERS_MAX * DN_DIGEST_SIZE)
			return false;
		if (fn(value, digest))
			buf_put(out, digest, sizeof digest);
		else
			reading_complain(r, value, "%s: there are values that nobody can be called", attribute);
	}
	return true;
}

/* Some of the members would be worse than none: roles are of groups, too. */
static bool is_whole(const struct group_source *s, struct reading *r)
{
	if (!direntry_is_partial(r->entry, s->schema->members))
		return true;
	reading_complain(r, STR_NONE, "%s: the directory gives some of its values only (range=...): the group is not used",
		s->schema->members);
	return false;
}

static bool read_members(const struct group_source *s, struct reading *r, struct buf *out)
{
	if (!is_whole(s, r))
		return false;
	if (put_members(out, r, s->schema->members, by_name) &&
		put_members(out, r, s->schema->unique_members, by_unique_name) && put_members(out, r, s->schema->users, by_user))
		return true;
	buf_clear(out);
	reading_complain(r, STR_NONE, "it has more than %d members, and is not used", GROUP_MEMBERS_MAX);
	return false;
}

static struct str read_name(const struct group_source *s, struct reading *r)
{
	const char *const names[] = {s->name, NULL};
	struct str name = reading_first(r, names, GROUP_NAME_MAX);

	if (name.len == 0)
		reading_complain(r, STR_NONE, "%s: it has no name by which it could be shown", s->name);
	return name;
}

void group_read(const void *arg, const struct direntry *entry, struct buf *out)
{
	const struct group_source *s = arg;
	struct buf members = BUF_INIT;
	struct reading r;
	bool whole;

	reading_init(&r, entry);
	entry_record_begin(out, &r, "it is in no other group");
	whole = read_members(s, &r, &members);
	textlist_put(out, read_name(s, &r));
	textlist_put(out, buf_str(&members));
	entry_record_end(out, &r, !whole);
	buf_fini(&members);
	reading_fini(&r);
}

/* ---- the loop ------------------------------------------------------------------------------ */

bool group_take(struct str record, struct group_record *out)
{
	struct str *const texts[] = {&out->name, &out->members};
	bool good = entry_record_take(record, &out->entry, texts, sizeof texts / sizeof texts[0]);

	out->cut = good && out->entry.flag;
	return good;
}

/* ---- the store ----------------------------------------------------------------------------- */

void group_write(struct store_tx *tx, const char *directory, const struct group *g, const struct group_record *r)
{
	store_text(tx, str_of(directory));
	store_blob(tx, str_make(g->uuid, UUID_SIZE));
	store_blob(tx, str_make(r->entry.dn_digest, DN_DIGEST_SIZE));
	store_text(tx, r->name);
	store_int(tx, r->cut);
	store_blob(tx, r->members);
	store_blob(tx, str_make(r->entry.digest, sizeof r->entry.digest));
	store_do(tx, SQL_GROUP_PUT);
}

bool group_load(const struct store_rows *row, struct group_record *out)
{
	struct str uuid = store_row_text(row, 1), dn = store_row_text(row, 2), digest = store_row_text(row, 6);

	*out = (struct group_record){.name = store_row_text(row, 3), .cut = store_row_int(row, 4) != 0,
		.members = store_row_text(row, 5)};
	if (uuid.len != UUID_SIZE || dn.len != DN_DIGEST_SIZE || digest.len != sizeof out->entry.digest)
		return false;
	out->entry.dn_digest = (const uint8_t *)dn.p;
	memcpy(out->entry.digest, digest.p, sizeof out->entry.digest);
	return true;
}
