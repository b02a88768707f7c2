/* The list of the counters that enrolled, as it crosses the bus, and back. */
#include "daemon/counter.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/err.h"
#include "bus/textlist.h"

/* Each is four texts: name, kind, value, about. */
enum { KIND_MAX = GAUGE_CLOCK };

static struct counter *first, **last = &first;
static struct counter_source *sources;

void counter_enrol(struct counter *table)
{
	for (; table->name != NULL; table++) {
		*last = table;
		last = &table->next;
	}
}

void counter_enrol_source(struct counter_source *source)
{
	source->next = sources;
	sources = source;
}

void counter_forget_source(struct counter_source *source)
{
	struct counter_source **at = &sources;

	while (*at != NULL && *at != source)
		at = &(*at)->next;
	if (*at != NULL)
		*at = source->next;
}

static void put_name(struct buf *out, const struct counter *c, const char *label, const char *value)
{
	struct buf name = BUF_INIT;

	buf_printf(&name, "%s", c->name);
	if (label != NULL)
		buf_printf(&name, "{%s=\"", label);
	for (; label != NULL && *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			buf_put_byte(&name, '\\');
		buf_put_byte(&name, (uint8_t)*value);
	}
	if (label != NULL)
		buf_put_lit(&name, "\"}");
	textlist_put(out, buf_str(&name));
	buf_fini(&name);
}

void counter_put(struct buf *out, const struct counter *c, const char *label, const char *value)
{
	size_t before = out->len;

	put_name(out, c, label, value);
	textlist_printf(out, "%d", (int)c->kind);
	textlist_printf(out, "%" PRIu64, c->value);
	textlist_put(out, str_of(c->about != NULL ? c->about : ""));
	if (out->len > BUS_COUNTERS_MAX)
		out->len = before;
}

void counter_list(struct buf *out)
{
	for (const struct counter *c = first; c != NULL; c = c->next)
		counter_put(out, c, NULL, NULL);
	for (const struct counter_source *s = sources; s != NULL; s = s->next)
		s->look(s->arg, out);
}

int counter_answer(const struct bus_event *event)
{
	struct msg_stats_get request;
	struct buf list = BUF_INIT;
	struct msg_stats m;
	int rc;

	if (bus_get_stats_get(event->frame->body, &request) != 0)
		return BH_EPROTO;
	counter_list(&list);
	m.counters = buf_str(&list);
	rc = buf_failed(&list) ? 0 : LINK_SEND(event->link, STATS, stats, event->frame->subject, &m);
	buf_fini(&list);
	return rc == 0 ? 0 : BH_EPROTO;
}

bool counter_take(struct str *list, struct counted *out)
{
	uint64_t kind;

	if (!textlist_take(list, &out->name) || !textlist_take_number(list, &kind) || kind > KIND_MAX ||
		!textlist_take_number(list, &out->value) || !textlist_take(list, &out->about))
		return false;
	out->kind = (enum counter_kind)kind;
	return true;
}

/* From one clock to the other: the same as before where it is about that, so that what does not change is not shown
 * with another time every time. */
static uint64_t wall_offset(void)
{
	enum { SAME_MS = 50 };
	static uint64_t offset;
	uint64_t now = clock_wall_us() / 1000 - clock_ms();

	if (now > offset + SAME_MS || offset > now + SAME_MS)
		offset = now;
	return offset;
}

uint64_t counted_wall_ms(const struct counted *c)
{
	if (c->kind == GAUGE_TIME || c->value == 0)
		return c->value * 1000;
	return c->value + wall_offset();
}

void counted_text(const struct counted *c, char out[COUNTED_TEXT_SIZE])
{
	if (c->kind == COUNTER_MS)
		snprintf(out, COUNTED_TEXT_SIZE, "%" PRIu64 ".%03u", c->value / 1000, (unsigned)(c->value % 1000));
	else if (c->kind < GAUGE_TIME)
		snprintf(out, COUNTED_TEXT_SIZE, "%" PRIu64, c->value);
	else if (c->value == 0)
		snprintf(out, COUNTED_TEXT_SIZE, "never");
	else
		clock_stamp((int64_t)(counted_wall_ms(c) / 1000), out);
}
