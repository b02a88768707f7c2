/* The daemon: its mirrors, its link to routerd, and the order in which they come and go. */
#include "dirsyncd/dirsyncd.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "bus/codes.h"
#include "daemon/counter.h"
#include "daemon/log.h"
#include "directory/directory.h"
#include "dirsyncd/data.h"
#include "dirsyncd/mirror.h"

/* What routerd is told again at each new link, in case the word was lost with the last one. */
enum { RETELL_S = 24 * 3600 };

/* ---- to routerd ---------------------------------------------------------------------------- */

void dirsyncd_revoke(struct dirsyncd *d, struct str account, uint64_t when_us)
{
	struct link *link = bus_client_link(d->bus);
	struct msg_account_changed m = {
		.account = account, .generation = when_us, .change = ACCOUNT_WAS_DISABLED};

	if (link != NULL)
		(void)LINK_SEND(link, ACCOUNT_CHANGED, account_changed, 0, &m);
}

static void on_revoked(void *arg, int rc, struct store_rows *rows)
{
	while (rc == 0 && store_row(rows))
		dirsyncd_revoke(arg, store_row_text(rows, 1), (uint64_t)store_row_int(rows, 2));
}

static void retell(struct dirsyncd *d)
{
	int64_t since = (int64_t)(clock_wall_us() - (uint64_t)RETELL_S * 1000000);
	struct store_tx *tx = store_begin(d->store);

	store_int(tx, since);
	store_do(tx, SQL_REVOKED_EXPIRE);
	store_commit(tx, NULL, NULL);
	tx = store_begin(d->store);
	store_int(tx, since);
	store_do(tx, SQL_REVOKED_GET);
	store_ask(tx, on_revoked, d);
}

/* ---- from routerd -------------------------------------------------------------------------- */

static int on_set_log(const struct bus_event *event)
{
	struct msg_set_log m;

	if (bus_get_set_log(event->frame->body, &m) < 0 || m.log_level > LOG_LEVEL_DEBUG)
		return BH_EPROTO;
	log_set_level((enum log_level)m.log_level);
	return 0;
}

static int on_restart(const struct bus_event *event)
{
	struct msg_restart m;

	if (bus_get_restart(event->frame->body, &m) != 0)
		return BH_EPROTO;
	daemon_restart(((struct dirsyncd *)event->owner)->daemon);
	return 0;
}

static const struct bus_handler handlers[] = {
	{BUS_SET_LOG, on_set_log},
	{BUS_STATS_GET, counter_answer},
	{BUS_RESTART, on_restart},
	{0, NULL},
};

static void on_up(void *owner, const struct msg_welcome *welcome)
{
	(void)welcome;
	log_info("router-connected", "role=dirsyncd");
	retell(owner);
}

static void on_down(void *owner, const char *why)
{
	(void)owner;
	log_warn("router-lost", "why=%s", LOG_TEXT(why));
}

/* ---- coming -------------------------------------------------------------------------------- */

struct mirrors {
	struct mirror **of;
	size_t n;
};

static void on_mirror_gone(void *arg);

static void stop_all(struct dirsyncd *s, struct mirrors *all)
{
	for (size_t i = 0; i < all->n; i++)
		mirror_stop(&all->of[i], on_mirror_gone, s);
	free(all->of);
	*all = (struct mirrors){NULL, 0};
}

static int make_mirror(struct dirsyncd *s, const struct conf *conf, size_t i, struct mirrors *to)
{
	const char *name = conf_directory_name(conf, i);
	struct directory *directory;
	struct mirror *m;
	char what[512];
	int rc = directory_load(conf, i, &directory, what, sizeof what);

	if (rc != 0) {
		daemon_fail(s->daemon, "%s", what);
		return rc;
	}
	m = mirror_create(s, directory);
	s->live++;
	for (size_t k = 0; k < conf_domains(conf); k++) {
		const char *held = conf_domain_text(conf, k, "directory");

		if (held != NULL && strcmp(held, name) == 0)
			mirror_add_domain(m, conf_domain_name(conf, k));
	}
	to->of[to->n++] = m;
	return 0;
}

static int make_mirrors(struct dirsyncd *s, const struct conf *conf, struct mirrors *to)
{
	int rc = 0;

	to->n = 0;
	to->of = bh_alloc((conf_directories(conf) + 1) * sizeof(struct mirror *));
	for (size_t i = 0; i < conf_directories(conf) && rc == 0; i++)
		rc = make_mirror(s, conf, i, to);
	return rc;
}

int dirsyncd_open(struct daemon *d)
{
	struct dirsyncd *s = bh_alloc(sizeof *s);
	struct mirrors all;
	int rc;

	s->daemon = d;
	d->state = s;
	rc = data_open(d, &s->store);
	if (rc == 0)
		rc = make_mirrors(s, d->conf, &all);
	if (rc != 0)
		return rc;
	s->mirrors = all.of;
	s->nmirrors = all.n;
	return 0;
}

/* What is known stands in the store: the new ones go on there. */
int dirsyncd_reload(struct daemon *d, const struct conf *old)
{
	struct dirsyncd *s = d->state;
	struct mirrors before = {s->mirrors, s->nmirrors}, all;
	int rc = make_mirrors(s, d->conf, &all);

	(void)old;
	if (rc != 0) {
		stop_all(s, &all);
		return rc;
	}
	stop_all(s, &before);
	s->mirrors = all.of;
	s->nmirrors = all.n;
	for (size_t i = 0; i < s->nmirrors; i++)
		mirror_load(s->mirrors[i]);
	return 0;
}

int dirsyncd_start(struct daemon *d)
{
	struct dirsyncd *s = d->state;
	struct bus_client_spec spec = {
		.loop = d->loop,
		.role = ROLE_DIR,
		.run_dir = d->run_dir,
		.instance = d->instance,
		.software = "bulkhead-dirsyncd " BULKHEAD_VERSION,
		.handlers = handlers,
		.owner = s,
		.on_up = on_up,
		.on_down = on_down,
	};
	int rc = store_start(s->store, d->loop);

	if (rc == 0)
		rc = bus_client_start(&spec, &s->bus);
	if (rc != 0) {
		daemon_fail(d, "cannot be started: %s", bh_strerror(rc));
		return rc;
	}
	for (size_t i = 0; i < s->nmirrors; i++)
		mirror_load(s->mirrors[i]);
	return 0;
}

/* ---- going: what was read is written before the store closes ---------------------------------- */

static void on_bus_stopped(void *arg)
{
	struct dirsyncd *s = arg;
	struct daemon *d = s->daemon;

	free(s);
	daemon_stopped(d);
}

static void on_store_stopped(void *arg)
{
	struct dirsyncd *s = arg;

	bus_client_stop(&s->bus, on_bus_stopped, s);
}

static void on_mirror_gone(void *arg)
{
	struct dirsyncd *s = arg;

	if (--s->live == 0 && s->stopping)
		store_stop(&s->store, on_store_stopped, s);
}

void dirsyncd_stop(struct daemon *d)
{
	struct dirsyncd *s = d->state;
	struct mirrors all = {s->mirrors, s->nmirrors};

	s->stopping = true;
	s->live++; /* for this function */
	stop_all(s, &all);
	on_mirror_gone(s);
}
