/* The daemon: its mirrors, its link to routerd, and the order in which they come and go. */
#include "dirsyncd/dirsyncd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "daemon/log.h"
#include "daemon/orders.h"
#include "daemon/reload.h"
#include "directory/directory.h"
#include "dirsyncd/admin.h"
#include "dirsyncd/asked.h"
#include "dirsyncd/counters.h"
#include "dirsyncd/data.h"
#include "dirsyncd/groups.h"
#include "dirsyncd/mirror.h"
#include "dirsyncd/monitor.h"
#include "dirsyncd/sharing.h"
#include "dirsyncd/told.h"

/* ---- from routerd -------------------------------------------------------------------------- */

static const struct bus_handler handlers[] = {
	{BUS_STATS_GET, counter_answer},
	ORDER_HANDLERS,
	{BUS_CTL_REQUEST, on_ctl_request},
	{BUS_PROFILE_GET, asked_profile_get},
	{BUS_SEARCH, asked_search},
	{BUS_GROUP_GET, sharing_on_group_get},
	{0, NULL},
};

static void on_up(void *owner, const struct msg_welcome *welcome)
{
	struct dirsyncd *d = owner;

	(void)welcome;
	d->link_number++;
	log_info("router-connected", "role=dirsyncd");
	told_again(d);
	for (size_t i = 0; i < d->nmirrors; i++)
		sharing_on_link(d->sharings[i]);
}

static void on_down(void *owner, const char *why)
{
	(void)owner;
	log_warn("router-lost", "reason=%s", LOG_TEXT(why));
}

/* Once a second. */
static void on_tick(uv_timer_t *timer)
{
	struct dirsyncd *s = timer->data;

	if (bus_client_link(s->bus) == NULL)
		return;
	for (size_t i = 0; i < s->nmirrors; i++)
		mirror_tick(s->mirrors[i]);
}

/* ---- mirrors ------------------------------------------------------------------------------- */

struct mirror *dirsyncd_mirror(const struct dirsyncd *s, struct str directory)
{
	for (size_t i = 0; i < s->nmirrors; i++)
		if (str_is(directory, mirror_directory(s->mirrors[i])->name))
			return s->mirrors[i];
	return NULL;
}

struct mirror *dirsyncd_mirror_of(const struct dirsyncd *s, struct str domain)
{
	const char *held;

	for (size_t i = 0; i < s->nmirrors; i++)
		for (size_t k = 0; (held = mirror_domain(s->mirrors[i], k)) != NULL; k++)
			if (str_is(domain, held))
				return s->mirrors[i];
	return NULL;
}

struct mirror *dirsyncd_mirror_after(const struct dirsyncd *s, const char *directory)
{
	bool passed = directory == NULL;

	for (size_t i = 0; i < s->nmirrors; i++) {
		if (passed)
			return s->mirrors[i];
		passed = strcmp(mirror_directory(s->mirrors[i])->name, directory) == 0;
	}
	return NULL;
}

struct sharing *dirsyncd_sharing(const struct dirsyncd *s, const struct mirror *m)
{
	size_t i = 0;

	while (s->mirrors[i] != m)
		i++;
	return s->sharings[i];
}

/* ---- coming -------------------------------------------------------------------------------- */

struct mirrors {
	struct mirror **of;
	struct sharing **sharings;
	size_t n;
};

static void on_gone(void *arg);

static void stop_all(struct dirsyncd *s, struct mirrors *all)
{
	for (size_t i = 0; i < all->n; i++) {
		sharing_stop(&all->sharings[i], on_gone, s);
		mirror_stop(&all->of[i], on_gone, s);
	}
	free(all->of);
	free(all->sharings);
	*all = (struct mirrors){NULL, NULL, 0};
}

static void use(struct dirsyncd *s, const struct mirrors *all)
{
	s->mirrors = all->of;
	s->sharings = all->sharings;
	s->nmirrors = all->n;
}

static void load_all(struct dirsyncd *s)
{
	for (size_t i = 0; i < s->nmirrors; i++) {
		sharing_start(s->sharings[i]);
		mirror_load(s->mirrors[i]);
	}
}

static void add_domains(struct mirror *m, const struct conf *conf, const char *directory)
{
	for (size_t k = 0; k < conf_domains(conf); k++) {
		const char *held = conf_domain_text(conf, k, "directory");

		if (held != NULL && strcmp(held, directory) == 0)
			mirror_add_domain(m, conf_domain_name(conf, k));
	}
}

static int make_mirror(struct dirsyncd *s, size_t i, struct mirror **out, char *what, size_t size)
{
	const struct conf *conf = s->daemon->conf;
	struct profile_map *profile;
	struct directory *directory;
	int rc = directory_load(conf, i, &directory, what, size);

	if (rc != 0)
		return rc;
	rc = profile_map_load(conf, i, &profile, what, size);
	if (rc != 0) {
		directory_unref(&directory);
		return rc;
	}
	*out = mirror_create(s, directory, profile);
	if (*out == NULL) {
		snprintf(what, size, "directory \"%s\": profile: it wants too many attributes", conf_directory_name(conf, i));
		return BH_ECONFIG;
	}
	add_domains(*out, conf, conf_directory_name(conf, i));
	return 0;
}

/* Adds the i-th directory's mirror, and what is told of its groups. */
static int make(struct dirsyncd *s, size_t i, struct mirrors *to)
{
	struct mirror *m;
	struct rules *rules;
	char what[512];
	int rc = rules_load(s->daemon->conf, i, &rules, what, sizeof what);

	if (rc == 0) {
		rc = make_mirror(s, i, &m, what, sizeof what);
		if (rc != 0)
			rules_free(&rules);
	}
	if (rc != 0) {
		daemon_fail(s->daemon, "%s", what);
		return rc;
	}
	to->sharings[to->n] = sharing_create(s, m, i, rules);
	to->of[to->n++] = m;
	dirsyncd_hold(s);
	dirsyncd_hold(s);
	return 0;
}

static int make_mirrors(struct dirsyncd *s, struct mirrors *to)
{
	size_t n = conf_directories(s->daemon->conf);
	int rc = 0;

	to->n = 0;
	to->of = bh_alloc((n + 1) * sizeof(struct mirror *));
	to->sharings = bh_alloc((n + 1) * sizeof(struct sharing *));
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = make(s, i, to);
	if (rc != 0)
		stop_all(s, to);
	return rc;
}

int dirsyncd_open(struct daemon *d)
{
	struct dirsyncd *s = bh_alloc(sizeof *s);
	struct mirrors all;
	int rc;

	s->daemon = d;
	d->state = s;
	backlog_init(&s->backlog);
	rc = data_open(d, &s->store);
	if (rc == 0)
		rc = make_mirrors(s, &all);
	if (rc == 0)
		use(s, &all);
	return rc;
}

int dirsyncd_prepare(struct daemon *d, void **prepared)
{
	struct mirrors all;
	int rc = make_mirrors(d->state, &all);

	if (rc != 0)
		return rc;
	*prepared = bh_alloc(sizeof all);
	*(struct mirrors *)*prepared = all;
	return 0;
}

/* What is known stands in the store: the new ones go on there. */
void dirsyncd_adopt(struct daemon *d, void *prepared)
{
	struct dirsyncd *s = d->state;
	struct mirrors before = {s->mirrors, s->sharings, s->nmirrors};

	use(s, prepared);
	free(prepared);
	stop_all(s, &before);
	load_all(s);
}

void dirsyncd_discard(struct daemon *d, void *prepared)
{
	stop_all(d->state, prepared);
	free(prepared);
}

bool dirsyncd_ask_reload(struct daemon *d)
{
	struct dirsyncd *s = d->state;

	return reload_ask(bus_client_link(s->bus));
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
		.configuration = d->configuration,
		.handlers = handlers,
		.owner = s,
		.on_up = on_up,
		.on_down = on_down,
	};
	int rc = store_start(s->store, d->loop);

	counter_enrol(dirsyncd_counters);
	monitor_start(s);
	if (rc == 0)
		rc = bus_client_start(&spec, &s->bus);
	if (rc != 0) {
		daemon_fail(d, "cannot be started: %s", bh_strerror(rc));
		return rc;
	}
	s->tick.data = s;
	uv_timer_init(d->loop, &s->tick);
	uv_timer_start(&s->tick, on_tick, 1000, 1000);
	load_all(s);
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

void dirsyncd_hold(struct dirsyncd *s)
{
	s->live++;
}

void dirsyncd_release(struct dirsyncd *s)
{
	if (--s->live == 0 && s->stopping)
		store_stop(&s->store, on_store_stopped, s);
}

static void on_gone(void *arg)
{
	dirsyncd_release(arg);
}

static void on_tick_closed(uv_handle_t *tick)
{
	dirsyncd_release(tick->data);
}

void dirsyncd_stop(struct daemon *d)
{
	struct dirsyncd *s = d->state;
	struct mirrors all = {s->mirrors, s->sharings, s->nmirrors};

	monitor_stop(s);
	use(s, &(struct mirrors){NULL, NULL, 0});
	s->stopping = true;
	dirsyncd_hold(s); /* for the timer */
	stop_all(s, &all);
	uv_close((uv_handle_t *)&s->tick, on_tick_closed);
}
