/* bulkheadctl ldap explain: what is asked for an account, what comes, and what follows from it. */
#include "base/err.h"
#include "base/exits.h"
#include "bus/textlist.h"
#include "dirsyncd/job.h"
#include "dirsyncd/lookup.h"
#include "dirsyncd/sharing.h"

static void pair(struct job *j, const char *key, const char *value)
{
	answer_cell(j->answer, "%s", key);
	answer_cell(j->answer, "%s", value);
	answer_row(j->answer);
}

static void say_entries(struct job *j, const struct lookup *l)
{
	struct str others = buf_str(&l->others), dn;

	answer_cell(j->answer, "entries");
	answer_cell(j->answer, "%u", l->n);
	answer_row(j->answer);
	if (l->n > 0)
		pair(j, "entry", l->dn);
	while (textlist_take(&others, &dn)) {
		answer_cell(j->answer, "entry");
		answer_cell(j->answer, "%.*s", STR_FMT(dn));
		answer_row(j->answer);
	}
}

static void say_found(struct job *j, const struct lookup *l)
{
	const struct directory *d = j->directory;

	pair(j, "filter", l->filter);
	say_entries(j, l);
	if (l->n > 0)
		pair(j, d->user, l->user);
	if (l->n > 0 && d->schema.lock.attribute != NULL)
		pair(j, d->schema.lock.attribute, l->lock);
	pair(j, "so", lookup_verdict(l));
}

static void ask(struct job *j)
{
	const struct directory *d = j->directory;
	struct dirconn *c = NULL;
	struct lookup l;
	int rc;

	pair(j, "directory", d->name);
	pair(j, "base", d->base);
	rc = dirconn_open(j->directory, true, &c, j->why);
	if (rc == 0) {
		pair(j, "server", dirconn_server(c));
		rc = lookup(c, j->jid.local, &l, j->why);
		if (rc == 0)
			say_found(j, &l);
		lookup_fini(&l);
	}
	dirconn_close(&c);
	if (rc != 0)
		answer_end(j->answer, EXIT_TEMPORARY, "%s", j->why);
}

static void finish(struct job *j, struct mirror *m)
{
	const struct known *k = m != NULL ? knowns_named(mirror_knowns(m), j->jid.local) : NULL;
	char standing[LOOKUP_STANDING_SIZE];

	lookup_standing(m, j->jid.local, standing);
	pair(j, "known here", standing);
	if (m != NULL)
		sharing_explain(dirsyncd_sharing(j->owner, m), k != NULL ? &k->person : NULL, j->answer);
}

const struct job_kind job_explain = {"key value", ask, finish, false};
