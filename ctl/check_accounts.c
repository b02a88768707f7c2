/* The entries that are to be accounts: can they be, and may we see what we need of them? */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/list.h"
#include "base/map.h"
#include "ctl/check.h"
#include "directory/inspect.h"
#include "directory/paged.h"
#include "xmpp/jid.h"

enum { ENTRIES_MAX = 1000, ATTRIBUTES_MAX = 48 };

/* How many entries something is true of, and the first of them. */
struct tally {
	unsigned n;
	char *example;
};

/* Who has a local part. */
struct name {
	struct map_node node;
	char *dn;
	uint32_t len;
	char local[];
};

/* An attribute that vCards are made of. */
struct wanted {
	char *attribute;
	bool seen;
};

struct survey {
	struct check *check;
	unsigned n; /* entries */
	char *first;
	struct tally nameless, bad, doubles, locks, keys;
	struct map names; /* struct name by local part */
	struct wanted profile[ATTRIBUTES_MAX];
	size_t nprofile;
	const char *attributes[ATTRIBUTES_MAX + 6];
};

static void tally(struct tally *t, const char *dn)
{
	if (t->n++ == 0)
		t->example = bh_strdup(dn);
}

/* ---- what is looked at ------------------------------------------------------------------------- */

static void want(struct survey *s, struct str attribute)
{
	struct wanted *w = &s->profile[s->nprofile];

	for (size_t i = 0; i < s->nprofile; i++)
		if (strlen(s->profile[i].attribute) == attribute.len &&
			strncasecmp(s->profile[i].attribute, attribute.p, attribute.len) == 0)
			return;
	if (attribute.len == 0 || attribute.p[0] == '\'' || s->nprofile == ATTRIBUTES_MAX)
		return; /* a text in quotes stands for itself */
	*w = (struct wanted){.attribute = bh_strndup(attribute.p, attribute.len)};
	s->nprofile++;
}

/* "FN=displayName|cn" */
static void want_profile(struct survey *s, const char *rule)
{
	const char *p = strchr(rule, '=');

	while (p != NULL && *p != '\0') {
		size_t len = strcspn(++p, "|");

		want(s, str_make(p, len));
		p += len;
	}
}

static void choose_attributes(struct survey *s)
{
	const struct check *k = s->check;
	size_t n = 0;

	for (size_t i = 0; i < conf_directory_list_size(k->conf, k->i, "profile"); i++)
		want_profile(s, conf_directory_list_item(k->conf, k->i, "profile", i));
	s->attributes[n++] = k->directory->user;
	if (k->directory->schema.lock.attribute != NULL)
		s->attributes[n++] = k->directory->schema.lock.attribute;
	if (conf_directory_bool(k->conf, k->i, "scram")) {
		s->attributes[n++] = "authPassword";
		s->attributes[n++] = "userPassword";
	}
	for (size_t i = 0; i < s->nprofile; i++)
		s->attributes[n++] = s->profile[i].attribute;
}

/* ---- an entry ------------------------------------------------------------------------------------ */

static bool is_key(struct str value)
{
	static const char *const schemes[] = {"SCRAM-SHA-", "{SCRAM-SHA-"};

	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
		if (value.len > strlen(schemes[i]) && strncasecmp(value.p, schemes[i], strlen(schemes[i])) == 0)
			return true;
	return false;
}

static bool has_key(const struct direntry *e)
{
	static const char *const places[] = {"authPassword", "userPassword"};

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		for (size_t k = 0; k < direntry_count(e, places[i]); k++)
			if (is_key(direntry_value(e, places[i], k)))
				return true;
	return false;
}

static void add_name(struct survey *s, const char *dn, struct str local)
{
	struct map_node *found = map_find(&s->names, local.p, local.len);
	struct name *name;
	char text[512];

	if (found != NULL) {
		name = container_of(found, struct name, node);
		snprintf(text, sizeof text, "\"%s\": %.200s and %.200s", name->local, name->dn, dn);
		tally(&s->doubles, text);
		return;
	}
	name = bh_alloc(sizeof *name + local.len + 1);
	name->dn = bh_strdup(dn);
	name->len = local.len;
	memcpy(name->local, local.p, local.len);
	if (map_add(&s->names, &name->node, name->local, name->len) == 0)
		return;
	free(name->dn);
	free(name);
}

static void take_name(struct survey *s, const struct direntry *e)
{
	struct str value = direntry_value(e, s->check->directory->user, 0);
	char local[JID_PART_MAX + 1], text[512];
	size_t len;

	if (value.p == NULL) {
		tally(&s->nameless, direntry_dn(e));
	} else if (jid_prepare_local(value, local, &len) != 0 || len == 0) {
		snprintf(text, sizeof text, "\"%.*s\" of %.200s", STR_FMT(value), direntry_dn(e));
		tally(&s->bad, text);
	} else {
		add_name(s, direntry_dn(e), str_make(local, len));
	}
}

static void on_entry(void *arg, const struct direntry *e)
{
	const char *lock;
	struct survey *s = arg;

	if (s->n++ == 0)
		s->first = bh_strdup(direntry_dn(e));
	lock = s->check->directory->schema.lock.attribute;
	take_name(s, e);
	if (lock != NULL && direntry_count(e, lock) > 0)
		tally(&s->locks, direntry_dn(e));
	if (has_key(e))
		tally(&s->keys, direntry_dn(e));
	for (size_t i = 0; i < s->nprofile; i++)
		s->profile[i].seen |= direntry_count(e, s->profile[i].attribute) > 0;
}

/* ---- what is said ------------------------------------------------------------------------------ */

static void say_entries(const struct survey *s, int rc, const char *why)
{
	struct check *k = s->check;

	if (rc != 0)
		check_say(k, FOUND_PROBLEM, "entries", "%s (after %u entries)", why, s->n);
	else if (s->n == 0)
		check_say(k, FOUND_PROBLEM, "entries", "filter finds none that %s may read: correct base or filter %s",
			check_who(k), k->directory->filter);
	else
		check_say(k, FOUND_OK, "entries", "%u%s of %s", s->n, s->n == ENTRIES_MAX ? " or more" : "",
			k->directory->filter);
}

static void say_names(const struct survey *s)
{
	struct check *k = s->check;
	const char *user = k->directory->user;

	if (s->nameless.n == s->n)
		check_say(k, FOUND_PROBLEM, "user_attribute", "no entry has %s that %s may read: correct user_attribute, or give "
			"it the right", user, check_who(k));
	else if (s->nameless.n > 0)
		check_say(k, FOUND_WARNING, "user_attribute", "%u without %s are no accounts, one is %s: leave them out by filter",
			s->nameless.n, user, s->nameless.example);
	else
		check_say(k, FOUND_OK, "user_attribute", "%s", user);
	if (s->bad.n > 0)
		check_say(k, FOUND_WARNING, "user_attribute", "%u cannot be an address and are no accounts, one is %s: rename it",
			s->bad.n, s->bad.example);
	if (s->doubles.n > 0)
		check_say(k, FOUND_PROBLEM, "user_attribute", "%u are nobody's, since more than one entry would be the account: "
			"%s; rename one", s->doubles.n, s->doubles.example);
}

/* Nobody has it: is that so, or may we not see it? */
static void say_unseen(const struct survey *s, const char *what, const char *attribute, const char *consequence)
{
	enum inspect_attribute found;
	struct check *k = s->check;
	char why[DIRCONN_WHY_SIZE];

	if (inspect_attribute(k->connection, s->first, attribute, &found, why) != 0)
		check_say(k, FOUND_PROBLEM, what, "%s", why);
	else if (found == ATTRIBUTE_HIDDEN)
		check_say(k, FOUND_PROBLEM, what, "%s may not read %s, %s: give it the right", check_who(k), attribute,
			consequence);
	else if (found == ATTRIBUTE_UNKNOWN)
		check_say(k, FOUND_WARNING, what, "the directory does not know %s, %s: is schema right?", attribute, consequence);
	else
		check_say(k, FOUND_OK, what, "%s, which no entry has", attribute);
}

static void say_locks(const struct survey *s)
{
	const char *lock = s->check->directory->schema.lock.attribute;

	if (lock == NULL)
		return;
	if (s->locks.n > 0)
		check_say(s->check, FOUND_OK, "lock", "%s, which %u have", lock, s->locks.n);
	else
		say_unseen(s, "lock", lock, "so nobody who is locked is noticed");
}

static void say_keys(const struct survey *s)
{
	struct check *k = s->check;
	enum inspect_attribute password = ATTRIBUTE_SEEN, keys = ATTRIBUTE_SEEN;
	char why[DIRCONN_WHY_SIZE];

	if (!conf_directory_bool(k->conf, k->i, "scram"))
		return;
	if (s->keys.n > 0) {
		check_say(k, FOUND_OK, "scram", "%u of %u have SCRAM keys", s->keys.n, s->n);
		return;
	}
	(void)inspect_attribute(k->connection, s->first, "userPassword", &password, why);
	(void)inspect_attribute(k->connection, s->first, "authPassword", &keys, why);
	if (password != ATTRIBUTE_SEEN && keys != ATTRIBUTE_SEEN)
		check_say(k, FOUND_PROBLEM, "scram", "%s may not read userPassword: give it the right, or set scram = false",
			check_who(k));
	else
		check_say(k, FOUND_PROBLEM, "scram", "no entry has a SCRAM key that %s may read: set scram = false, or store some",
			check_who(k));
}

static void say_profiles(const struct survey *s)
{
	for (size_t i = 0; i < s->nprofile; i++)
		if (!s->profile[i].seen)
			check_say(s->check, FOUND_WARNING, "profile", "no entry has %s that %s may read: correct profile, or give it "
				"the right", s->profile[i].attribute, check_who(s->check));
	if (s->nprofile > 0)
		check_say(s->check, FOUND_OK, "profile", "made of %zu attributes", s->nprofile);
}

static void survey_fini(struct survey *s)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &s->names);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct name *name = container_of(n, struct name, node);

		map_remove(&s->names, n);
		free(name->dn);
		free(name);
	}
	map_fini(&s->names);
	for (size_t i = 0; i < s->nprofile; i++)
		free(s->profile[i].attribute);
	free(s->first);
	free(s->nameless.example);
	free(s->bad.example);
	free(s->doubles.example);
	free(s->locks.example);
	free(s->keys.example);
}

void check_accounts(struct check *k)
{
	struct survey s = {.check = k};
	const struct dirsearch all = {.base = k->directory->base, .subtree = true, .filter = k->directory->filter,
		.attributes = s.attributes, .limit = ENTRIES_MAX};
	char why[DIRCONN_WHY_SIZE];
	int rc;

	if (!check_base(k, "base", k->directory->base))
		return;
	choose_attributes(&s);
	rc = dirconn_search_paged(k->connection, &all, on_entry, &s, why);
	say_entries(&s, rc, why);
	if (s.n > 0) {
		say_names(&s);
		say_locks(&s);
		say_keys(&s);
		say_profiles(&s);
	}
	survey_fini(&s);
}
