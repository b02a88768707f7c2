/* Two connections, and what they are for. */
#include "directory/account.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
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
	free(a->dn);
	a->dn = NULL;
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

struct finding {
	const struct directory *directory;
	struct str local;
	struct found_account *out;
	unsigned n;
};

static void on_entry(void *arg, const struct direntry *entry)
{
	struct finding *f = arg;

	if (f->n++ > 0)
		return;
	f->out->dn = bh_strdup(direntry_dn(entry));
	f->out->locked = schema_is_locked(&f->directory->schema, entry);
}

static int find(struct dirconn *c, void *arg, char *why)
{
	struct finding *f = arg;
	const char *const attributes[] = {f->directory->user, f->directory->schema.lock.attribute, NULL};
	struct buf filter = BUF_INIT;
	int rc;

	f->n = 0;
	found_account_fini(f->out);
	filter_put_one(&filter, f->directory->filter, f->directory->user, f->local);
	rc = dirconn_search(c,
		&(struct dirsearch){.base = f->directory->base, .subtree = true, .filter = (const char *)filter.data,
			.attributes = attributes, .limit = 2},
		on_entry, f, why);
	buf_fini(&filter);
	return rc;
}

int account_search_find(struct account_search *s, struct str local, struct found_account *out, char *why)
{
	struct finding f = {.directory = s->directory, .local = local, .out = out};
	int rc;

	*out = (struct found_account){NULL, false};
	rc = call(s, &s->search, find, &f, why);
	if (rc != 0 || f.n > 1)
		found_account_fini(out);
	return rc;
}

/* ---- checking a password --------------------------------------------------------------------- */

struct checking {
	const char *dn;
	struct str password;
	enum dirverdict *verdict;
};

static int check(struct dirconn *c, void *arg, char *why)
{
	const struct checking *k = arg;

	return dirconn_verify(c, k->dn, k->password, k->verdict, why);
}

int account_search_verify(
	struct account_search *s, const char *dn, struct str password, enum dirverdict *verdict, char *why)
{
	struct checking k = {dn, password, verdict};

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
