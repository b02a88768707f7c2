/* The counters of connections, and lists of them. */
#include "daemon/association.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/err.h"
#include "bus/textlist.h"
#include "daemon/counter.h"

/* In and out by turns, so that the way is added to the number of the first. */
enum {
	TOTAL = 0,
	OPEN = 2,
	LAST = 4,
	REJECTED = 6,
	FAILED,
	LIMIT,
	ACCEPTING,
};

static struct counter counters[] = {
	[TOTAL + ASSOCIATION_IN] = {.name = "connections_in", .about = "Connections that others made to us"},
	[TOTAL + ASSOCIATION_OUT] = {.name = "connections_out", .about = "Connections that we made to others"},
	[OPEN + ASSOCIATION_IN] = {.name = "connections_in_open", .kind = GAUGE,
		.about = "Connections of others that are open now"},
	[OPEN + ASSOCIATION_OUT] = {.name = "connections_out_open", .kind = GAUGE,
		.about = "Connections of ours that are open now"},
	[LAST + ASSOCIATION_IN] = {.name = "connection_in_timestamp_seconds", .kind = GAUGE_CLOCK,
		.about = "When the last connection to us was made"},
	[LAST + ASSOCIATION_OUT] = {.name = "connection_out_timestamp_seconds", .kind = GAUGE_CLOCK,
		.about = "When the last connection of ours was made"},
	[REJECTED] = {.name = "connections_rejected", .about = "Connections to us that were refused"},
	[FAILED] = {.name = "connections_failed", .about = "Connections of ours that could not be made"},
	[LIMIT] = {.name = "connections_limit", .kind = GAUGE,
		.about = "How many connections of others may be open, 0 for any number"},
	[ACCEPTING] = {.name = "connections_accepting", .kind = GAUGE, .about = "Whether anybody is let in: 1 or 0"},
	{.name = NULL},
};

void associations_enrol(void)
{
	static bool enrolled;

	if (!enrolled)
		counter_enrol(counters);
	enrolled = true;
}

void association_opened(enum association_way way)
{
	counters[TOTAL + way].value++;
	counters[OPEN + way].value++;
	counters[LAST + way].value = clock_ms();
}

void association_closed(enum association_way way)
{
	counters[OPEN + way].value--;
}

void association_rejected(void)
{
	counters[REJECTED].value++;
}

void association_failed(void)
{
	counters[FAILED].value++;
}

void association_set_limit(uint64_t limit)
{
	counters[LIMIT].value = limit;
}

void association_set_accepting(bool accepting)
{
	counters[ACCEPTING].value = accepting;
}

/* Two texts each: numbers, and whom it is with. */
bool association_put(struct associations *all, const struct association *a)
{
	if (all->n == ASSOCIATIONS_MAX || all->list.len + a->remote.len + 64 > 1048576)
		return false;
	all->n++;
	textlist_printf(&all->list, "%" PRIu64, a->id);
	textlist_printf(&all->list, "%d", (int)a->way);
	textlist_printf(&all->list, "%" PRIu64, a->began_ms);
	textlist_put(&all->list, a->remote);
	return true;
}

int associations_answer(const struct bus_event *event, struct associations *all)
{
	struct msg_associations m = {.instance = STR_NONE, .list = buf_str(&all->list)};
	int rc = buf_failed(&all->list) ? 0
		: LINK_SEND(event->link, ASSOCIATIONS, associations, event->frame->subject, &m);

	buf_fini(&all->list);
	return rc == 0 ? 0 : BH_EPROTO;
}

bool association_take(struct str *list, struct association *out)
{
	uint64_t way;

	if (!textlist_take_number(list, &out->id) || !textlist_take_number(list, &way) ||
		!textlist_take_number(list, &out->began_ms) || !textlist_take(list, &out->remote))
		return false;
	out->way = way == ASSOCIATION_OUT ? ASSOCIATION_OUT : ASSOCIATION_IN;
	return true;
}
