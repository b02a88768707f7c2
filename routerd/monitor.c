/* Gauges that are looked up. */
#include "routerd/monitor.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "daemon/counter.h"
#include "daemon/log.h"
#include "routerd/data.h"
#include "routerd/hibernate.h"

enum { HUNDREDTH = 100 };

/* Something that may take long: when it may be done again. */
struct pace {
	uint64_t began_ms, next_ms;
};

struct monitor {
	struct router *router;
	struct counter_source source;
	struct pace counting, healing;
	bool asked, healed;
	uint64_t stored;
};

static bool pace_begin(struct pace *p)
{
	p->began_ms = clock_ms();
	return p->began_ms >= p->next_ms;
}

static void pace_end(struct pace *p)
{
	uint64_t now = clock_ms();

	p->next_ms = now + HUNDREDTH * (now - p->began_ms);
}

static bool is_healed(struct monitor *m)
{
	if (!pace_begin(&m->healing))
		return m->healed;
	m->healed = hibernate_healed(m->router);
	pace_end(&m->healing);
	return m->healed;
}

static uint64_t unsent_bytes(struct router *r)
{
	struct bus_peer *p = NULL;
	uint64_t n = 0;

	while ((p = bus_server_next(r->server, ROLES_PEERS, p)) != NULL)
		n += p->link != NULL ? link_queued(p->link) : 0;
	return n;
}

static void look(void *arg, struct buf *out)
{
	struct monitor *m = arg;
	struct router *r = m->router;
	const struct counter gauges[] = {
		{.name = "custody_healing", .value = !is_healed(m),
			.about = "1 while some stanza has fewer holders than it should have, else 0"},
		{.name = "stored_messages", .value = m->stored,
			.about = "Messages that wait for accounts that are not available"},
		{.name = "store_backlog", .value = store_backlog(r->store),
			.about = "Changes on their way to the disk"},
		{.name = "bus_unsent_bytes", .value = unsent_bytes(r),
			.about = "What waits to be read by other daemons"},
		{.name = "accounts_loaded", .value = r->accounts.count, .about = "Accounts in memory"},
		{.name = "remote_pairs", .value = r->pairs.count,
			.about = "Pairs of a domain of ours and a remote one that something goes to"},
	};

	for (size_t i = 0; i < sizeof gauges / sizeof gauges[0]; i++) {
		struct counter c = gauges[i];

		c.kind = GAUGE;
		counter_put(out, &c, NULL, NULL);
	}
}

static void on_counted(void *arg, int rc, struct store_rows *rows)
{
	struct monitor *m = arg;

	m->asked = false;
	pace_end(&m->counting);
	if (rc == 0 && store_row(rows))
		m->stored = (uint64_t)store_row_int(rows, 0);
}

void monitor_refresh(struct router *r)
{
	struct monitor *m = r->monitor;
	struct store_tx *tx;

	if (m->asked || !pace_begin(&m->counting))
		return;
	m->asked = true;
	tx = store_begin(r->store);
	store_do(tx, SQL_OFFLINE_TOTAL);
	store_ask(tx, on_counted, m);
}

struct monitor *monitor_create(struct router *r)
{
	struct monitor *m = bh_alloc(sizeof *m);

	m->router = r;
	m->source = (struct counter_source){.look = look, .arg = m};
	counter_enrol_source(&m->source);
	return m;
}

void monitor_free(struct monitor **m)
{
	if (*m != NULL)
		counter_forget_source(&(*m)->source);
	free(*m);
	*m = NULL;
}
