/* wait, restart, drain: commands that are over when a daemon is as it should be. */
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "conf/conf.h"
#include "ctl/status.h"

enum { PATIENCE_S = 60, SECONDS_MAX = 86400 };

int seconds_of(const struct ctl *ctl, enum command_option option, unsigned *out)
{
	const char *text = ctl->values[option];
	uint64_t n = *out;

	if (text != NULL && (!decimal_read(str_of(text), SECONDS_MAX, &n) || n == 0))
		return complain(EXIT_USAGE, "%s is a number of seconds, 1 to %d", options_info[option].name, SECONDS_MAX);
	*out = (unsigned)n;
	return EXIT_OK;
}

/* ---- wait ---------------------------------------------------------------------------------------- */

/* What the configuration wants, and the first that is missing. */
struct wanted {
	const struct conf *conf;
	char missing[128];
};

static bool is_ready(struct wanted *w, const struct query *q, const char *instance)
{
	struct instance_status s = status_of(q, instance);

	if (status_is_ready(&s))
		return true;
	snprintf(w->missing, sizeof w->missing, "%s", instance);
	return false;
}

/* c2sd@1 to c2sd@N, and those that have a section of their own, as bulkhead(8) runs them. */
static bool instances_ready(struct wanted *w, const struct query *q, const char *daemon)
{
	char setting[32], instance[64];

	snprintf(setting, sizeof setting, "%s.instances", daemon);
	for (int64_t i = 1; i <= conf_number(w->conf, setting); i++) {
		snprintf(instance, sizeof instance, "%s@%d", daemon, (int)i);
		if (!is_ready(w, q, instance))
			return false;
	}
	for (size_t i = 0; i < conf_instances(w->conf); i++) {
		const char *name = conf_instance_name(w->conf, i);

		if (strncmp(name, daemon, strlen(daemon)) == 0 && !is_ready(w, q, name))
			return false;
	}
	return true;
}

static bool all_ready(void *arg, const struct query *q)
{
	struct wanted *w = arg;

	return is_ready(w, q, "routerd") && is_ready(w, q, "keyd") && is_ready(w, q, "authd") &&
	       (conf_directories(w->conf) == 0 || is_ready(w, q, "dirsyncd")) &&
	       instances_ready(w, q, "c2sd") && instances_ready(w, q, "s2sd");
}

int run_wait(const struct call *call)
{
	unsigned seconds = PATIENCE_S;
	struct wanted w = {.missing = "routerd"};
	struct conf *conf = NULL;
	bool ready;
	int rc = seconds_of(call->ctl, OPTION_TIMEOUT, &seconds);

	if (rc == EXIT_OK)
		rc = load_conf(call->ctl, &conf);
	if (rc != EXIT_OK)
		return rc;
	w.conf = conf;
	ready = status_until(call->ctl, seconds, all_ready, &w);
	conf_free(&conf);
	if (!ready)
		return complain(EXIT_TEMPORARY, "%s is not ready after %u s", w.missing, seconds);
	tell(call->ctl, "ready");
	return EXIT_OK;
}

/* ---- restart and drain ---------------------------------------------------------------------------- */

/* Of an instance; and what it is, while it is not yet what is waited for. */
struct change {
	const char *instance;
	bool (*is_over)(struct change *c);
	struct instance_status before, now;
	char still[48];
};

static bool is_back(struct change *c)
{
	snprintf(c->still, sizeof c->still, "is not back");
	return c->now.pid != c->before.pid && status_is_ready(&c->now);
}

static bool is_empty(struct change *c)
{
	snprintf(c->still, sizeof c->still, "has %lu sessions left", c->now.sessions);
	return !c->now.there || c->now.sessions == 0;
}

static bool is_over(void *arg, const struct query *q)
{
	struct change *c = arg;

	c->now = status_of(q, c->instance);
	return c->is_over(c);
}

/* The command itself; and who the daemon was. */
static int begin(const struct call *call, struct change *c)
{
	struct query status, q;
	int rc;

	if (status_ask(call->ctl, &status))
		c->before = status_of(&status, c->instance);
	result_fini(&status.result);
	rc = query_ask_command(call, &q);
	if (rc == EXIT_OK && q.code != EXIT_OK)
		rc = complain(q.code, "%s", q.text);
	result_fini(&q.result);
	return rc;
}

/* With a time it waits so long for the end of it. */
static int run_change(const struct call *call, bool (*is_over_by)(struct change *c), const char *done)
{
	unsigned seconds = PATIENCE_S;
	struct change c = {.instance = call->argv[0], .is_over = is_over_by};
	int rc = seconds_of(call->ctl, OPTION_TIMEOUT, &seconds);

	if (rc == EXIT_OK)
		rc = begin(call, &c);
	if (rc != EXIT_OK || !has_option(call->ctl, OPTION_TIMEOUT))
		return rc;
	(void)c.is_over(&c); /* for what is said where nobody can be asked */
	if (!status_until(call->ctl, seconds, is_over, &c))
		return complain(EXIT_TEMPORARY, "%s %s after %u s", c.instance, c.still, seconds);
	tell(call->ctl, done);
	return EXIT_OK;
}

int run_restart(const struct call *call)
{
	return run_change(call, is_back, "it is back");
}

int run_drain(const struct call *call)
{
	return run_change(call, is_empty, "nobody is left");
}
