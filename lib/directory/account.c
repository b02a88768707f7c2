/* Two connections, and what they are for. */
#include "directory/account.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/secret.h"
#include "directory/filter.h"

struct account_search {
	struct directory *directory;
	struct dirconn *search, *verify;
};

struct account_search *account_search_create(struct directory *d)
{
	struct account_search *s = bh_alloc(sizeof *s);

	s->directory = directory_ref(d);
	return s;
}

void account_search_free(struct account_search **ref)
{
	struct account_search *s = *ref;

	*ref = NULL;
	dirconn_close(&s->search);
	dirconn_close(&s->verify);
	directory_unref(&s->directory);
	free(s);
}

void found_account_fini(struct found_account *a)
{
	for (unsigned i = 0; i < a->nkeys; i++) {
		secret_wipe(a->keys[i], strlen(a->keys[i]));
		free(a->keys[i]);
	}
	free(a->dn);
	free(a->name);
	*a = (struct found_account){0};
}

/* A connection that may be used; *fresh: it was opened just now. */
static int have(struct account_search *s, struct dirconn **c, bool login, bool *fresh, char *why)
{
	if (*c != NULL && dirconn_is_second_best(*c))
		dirconn_close(c);
	*fresh = *c == NULL;
	return *c != NULL ? 0 : dirconn_open(s->directory, login, c, why);
}

/* A call on a connection, and once more on a fresh one where the first had died unseen. */
typedef int call_fn(struct dirconn *c, void *arg, char *why);

static int call(struct account_search *s, struct dirconn **c, call_fn *fn, void *arg, char *why)
{
	bool login = c == &s->search, fresh = false;
	int rc = 0;

	for (unsigned i = 0; i < 2; i++) {
		rc = have(s, c, login, &fresh, why);
		if (rc == 0)
			rc = fn(*c, arg, why);
		if (rc == 0 || rc == BH_EINVAL || *c == NULL)
			return rc;
		dirconn_close(c);
		if (fresh || rc == BH_ETIMEOUT)
			return rc;
	}
	return rc;
}

/* ---- finding ------------------------------------------------------------------------------ */

/* Where keys may stand, and certificates. */
static const char *const key_attributes[] = {"authPassword", "userPassword"};
static const char *const certificate_attributes[] = {"userCertificate;binary", "userCertificate"};

struct finding {
	const struct directory *directory;
	struct dirsearch search;
	const char *attributes[8];
	struct str certificate; /* the entry must have it; absent: none is wanted */
	bool keys;
	struct found_account *out;
	unsigned n;
};

static void want(struct finding *f, const char *attribute)
{
	size_t i = 0;

	while (f->attributes[i] != NULL)
		i++;
	if (attribute != NULL)
		f->attributes[i] = attribute;
}

static bool has_certificate(const struct direntry *entry, struct str der)
{
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < direntry_count(entry, certificate_attributes[k]); i++)
			if (str_eq(direntry_value(entry, certificate_attributes[k], i), der))
				return true;
	return false;
}

/* Passwords in other forms are not taken out of what libldap has read. */
static bool may_be_keys(struct str value)
{
	if (value.len > 0 && *value.p == '{')
		value = str_make(value.p + 1, value.len - 1);
	return value.len > 6 && value.len <= ACCOUNT_KEY_SIZE_MAX && memchr(value.p, '\0', value.len) == NULL &&
	       strncasecmp(value.p, "SCRAM-", 6) == 0;
}

static void take_keys(struct found_account *a, const struct direntry *entry, const char *attribute)
{
	for (size_t i = 0; i < direntry_count(entry, attribute) && a->nkeys < ACCOUNT_KEYS_MAX; i++) {
		struct str value = direntry_value(entry, attribute, i);

		if (may_be_keys(value))
			a->keys[a->nkeys++] = bh_strndup(value.p, value.len);
	}
}

static void on_entry(void *arg, const struct direntry *entry)
{
	struct finding *f = arg;
	const struct schema *schema = &f->directory->schema;
	struct found_account *out = f->out;
	struct str name = direntry_value(entry, f->directory->user, 0);

	if (f->n++ > 0 || (f->certificate.p != NULL && !has_certificate(entry, f->certificate)))
		return;
	out->dn = bh_strdup(direntry_dn(entry));
	out->name = bh_strndup(name.len > 0 ? name.p : "", name.len);
	out->locked = schema_is_locked(schema, entry);
	out->must_change = schema_must_change(schema, entry);
	for (size_t i = 0; f->keys && i < sizeof key_attributes / sizeof key_attributes[0]; i++)
		take_keys(out, entry, key_attributes[i]);
}

static int find(struct dirconn *c, void *arg, char *why)
{
	struct finding *f = arg;

	f->n = 0;
	found_account_fini(f->out);
	return dirconn_search(c, &f->search, on_entry, f, why);
}

/* With the filter, which is taken, among the entries that are accounts. */
static int find_by(struct account_search *s, struct finding *f, struct buf *filter, char *why)
{
	int rc;

	buf_put(filter, ")", 2); /* with its end */
	f->directory = s->directory;
	f->search.filter = (const char *)filter->data;
	f->search.attributes = f->attributes;
	f->search.limit = 2;
	want(f, s->directory->user);
	want(f, s->directory->schema.lock.attribute);
	*f->out = (struct found_account){0};
	rc = call(s, &s->search, find, f, why);
	if (rc != 0 || f->n > 1)
		found_account_fini(f->out);
	buf_fini(filter);
	return rc;
}

int account_search_find(struct account_search *s, struct str local, bool keys, struct found_account *out, char *why)
{
	struct finding f = {.search = {.base = s->directory->base, .subtree = true}, .keys = keys, .out = out};
	struct buf filter = BUF_INIT;

	buf_printf(&filter, "(&%s", s->directory->filter);
	filter_put_equal(&filter, s->directory->user, local);
	for (size_t i = 0; keys && i < sizeof key_attributes / sizeof key_attributes[0]; i++)
		want(&f, key_attributes[i]);
	if (keys)
		want(&f, s->directory->schema.must_change);
	return find_by(s, &f, &filter, why);
}

int account_search_find_certificate(struct account_search *s, struct str what, struct found_account *out, char *why)
{
	struct finding f = {.search = {.base = s->directory->base, .subtree = true}, .out = out};
	struct buf filter = BUF_INIT;
	char *subject = NULL;
	int rc;

	buf_printf(&filter, "(&%s", s->directory->filter);
	if (s->directory->certificate == CERTIFICATE_MAIL) {
		filter_put_equal(&filter, "mail", what);
	} else if (s->directory->certificate == CERTIFICATE_EXACT) {
		filter_put_certificate(&filter, what);
		f.certificate = what;
		want(&f, certificate_attributes[0]);
	} else {
		subject = bh_strndup(what.p, what.len);
		f.search = (struct dirsearch){.base = subject, .foreign = true};
	}
	rc = find_by(s, &f, &filter, why);
	free(subject);
	return rc;
}

/* ---- checking a password --------------------------------------------------------------------- */

struct checking {
	const char *dn;
	struct str password;
	struct dirpassword *out;
};

static int check(struct dirconn *c, void *arg, char *why)
{
	const struct checking *k = arg;

	return dirconn_verify(c, k->dn, k->password, k->out, why);
}

int account_search_verify(
	struct account_search *s, const char *dn, struct str password, struct dirpassword *out, char *why)
{
	struct checking k = {dn, password, out};

	return call(s, &s->verify, check, &k, why);
}

static int change(struct dirconn *c, void *arg, char *why)
{
	const struct checking *k = arg;

	return dirconn_set_password(c, k->dn, k->password, why);
}

/* On the connection on which we are who may do that. */
int account_search_set_password(struct account_search *s, const char *dn, struct str password, char *why)
{
	struct checking k = {dn, password, NULL};

	return call(s, &s->search, change, &k, why);
}
