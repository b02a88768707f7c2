/* bulkheadctl ldap test: each server, and then the account, step by step. */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/exits.h"
#include "directory/filter.h"
#include "directory/steps.h"
#include "dirsyncd/job.h"
#include "dirsyncd/lookup.h"

struct trial {
	struct job *job;
	const char *server; /* whose steps they are, or "" */
	uint64_t begun_ns;  /* this step */
};

static void step(struct trial *t, const char *name, const char *result)
{
	uint64_t now = clock_ns(), us = (now - t->begun_ns) / 1000;

	answer_cell(t->job->answer, "%s%s%s", t->server, *t->server != '\0' ? ": " : "", name);
	answer_cell(t->job->answer, "%s", result);
	answer_cell(t->job->answer, "%" PRIu64 ".%" PRIu64, us / 1000, us % 1000 / 100);
	answer_row(t->job->answer);
	t->begun_ns = now;
}

static void on_step(void *arg, const char *name, const char *why)
{
	step(arg, name, why != NULL ? why : "ok");
}

/* All are tried; the first that works is asked. */
static struct dirconn *try_servers(struct trial *t)
{
	const struct dirsteps steps = {on_step, t};
	struct directory *d = t->job->directory;
	struct dirconn *first = NULL;

	for (size_t i = 0; i < d->nservers && !job_is_over(t->job); i++) {
		struct dirconn *c = NULL;

		t->server = d->servers[i];
		t->begun_ns = clock_ns();
		if (dirconn_open_steps(d, i, &steps, &c, t->job->why) == 0 && first == NULL)
			first = c;
		else
			dirconn_close(&c);
	}
	t->server = "";
	return first;
}

static void say_search(struct trial *t, const struct lookup *l, int rc)
{
	char result[DIRCONN_WHY_SIZE + 32];

	snprintf(result, sizeof result, "%u %s", l->n, l->n == 1 ? "entry" : "entries");
	step(t, "search below", t->job->directory->base);
	step(t, "filter", l->filter);
	step(t, "found", rc == 0 ? result : t->job->why);
}

static void say_entry(struct trial *t, const struct lookup *l)
{
	const struct directory *d = t->job->directory;

	step(t, "entry", l->dn);
	step(t, d->user, l->user);
	if (d->schema.lock.attribute != NULL)
		step(t, d->schema.lock.attribute, l->lock);
	step(t, "enabled", l->locked ? "no" : "yes");
}

static void ask(struct job *j)
{
	struct trial t = {.job = j, .server = ""};
	struct dirconn *c = try_servers(&t);
	struct lookup l;
	int rc;

	if (c == NULL) {
		answer_end(j->answer, EXIT_TEMPORARY, "no server answers as it should");
		return;
	}
	t.begun_ns = clock_ns();
	rc = lookup(c, j->jid.local, &l, j->why);
	say_search(&t, &l, rc);
	if (rc != 0)
		answer_end(j->answer, EXIT_TEMPORARY, "%s", j->why);
	else if (l.n != 1)
		answer_end(j->answer, l.n == 0 ? EXIT_NOT_FOUND : EXIT_CONFLICT, "%s", lookup_verdict(&l));
	else if (l.locked)
		answer_end(j->answer, EXIT_FAILED, "%s", lookup_verdict(&l));
	if (rc == 0 && l.n > 0)
		say_entry(&t, &l);
	lookup_fini(&l);
	dirconn_close(&c);
}

static void finish(struct job *j, struct mirror *m)
{
	char standing[LOOKUP_STANDING_SIZE];

	lookup_standing(m, j->jid.local, standing);
	answer_cell(j->answer, "known here");
	answer_cell(j->answer, "%s", standing);
	answer_cell(j->answer, "-");
	answer_row(j->answer);
}

const struct job_kind job_test = {"step result milliseconds", ask, finish, false};
