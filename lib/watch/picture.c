/* Pictures: taken from frames, and looked at. */
#include "watch/picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "bus/wire.h"

enum { RESTARTS_MS = 30000 };

static const char *const states[] = {
	[INSTANCE_UP] = "up",
	[INSTANCE_DRAINING] = "draining",
	[INSTANCE_SILENT] = "silent",
	[INSTANCE_RESTARTING] = "restarting",
	[INSTANCE_GONE] = "gone",
	[INSTANCE_UNKNOWN] = "unknown",
};

const char *picture_state_name(unsigned state)
{
	return state < sizeof states / sizeof states[0] ? states[state] : NULL;
}

/* As much of it as there is room for. */
static void copy(char *out, size_t size, struct str text)
{
	snprintf(out, size, "%.*s", STR_FMT(text));
	while (!wire_utf8_valid((const uint8_t *)out, strlen(out)))
		out[strlen(out) - 1] = '\0';
}

static struct seen *add(struct picture *p, struct str name)
{
	struct seen *s = bh_alloc(sizeof *s);

	copy(s->name, sizeof s->name, name);
	list_append(&p->all, &s->link);
	return s;
}

struct picture *picture_create(void)
{
	struct picture *p = bh_alloc(sizeof *p);
	struct seen *router;

	list_init(&p->all);
	router = add(p, STR_LIT("routerd"));
	router->role = ROLE_ROUTER;
	router->state = INSTANCE_RESTARTING;
	router->changed_ms = clock_ms();
	return p;
}

static void seen_free(struct seen *s)
{
	list_remove(&s->link);
	free(s->counters);
	free(s->associations);
	buf_fini(&s->counters_text);
	buf_fini(&s->associations_text);
	free(s);
}

void picture_free(struct picture **p)
{
	struct picture *gone = *p;

	*p = NULL;
	if (gone == NULL)
		return;
	list_for_each_safe(pos, &gone->all)
		seen_free(container_of(pos, struct seen, link));
	free(gone);
}

struct seen *picture_find(const struct picture *p, struct str name)
{
	list_for_each(pos, &p->all) {
		struct seen *s = container_of(pos, struct seen, link);

		if (str_is(name, s->name))
			return s;
	}
	return NULL;
}

static bool is_utf8(struct str text)
{
	return wire_utf8_valid((const uint8_t *)text.p, text.len);
}

/* How many a list has, but for those that nobody could show; and they themselves, which borrow their texts from it. */
static size_t take_counters(struct str list, struct counted *out)
{
	struct counted c;
	size_t n = 0;

	while (counter_take(&list, &c)) {
		if (!is_utf8(c.name) || !is_utf8(c.about))
			continue;
		if (out != NULL)
			out[n] = c;
		n++;
	}
	return n;
}

static size_t take_associations(struct str list, struct association *out)
{
	struct association a;
	size_t n = 0;

	for (; association_take(&list, &a); n++)
		if (out != NULL)
			out[n] = a;
	return n;
}

struct seen *picture_add(struct picture *p, const struct msg_instance *m)
{
	struct seen *s = add(p, m->instance);

	copy(s->software, sizeof s->software, m->software);
	s->role = m->role;
	s->pid = m->pid;
	s->deaths = m->deaths;
	s->state = picture_state_name(m->state) != NULL ? m->state : INSTANCE_UNKNOWN;
	s->changed_ms = m->changed_ms;
	s->started_ms = m->started_ms;
	buf_put_str(&s->counters_text, m->counters);
	s->ncounters = take_counters(buf_str(&s->counters_text), NULL);
	s->counters = calloc(s->ncounters + 1, sizeof *s->counters);
	if (s->counters == NULL) {
		seen_free(s);
		return NULL;
	}
	take_counters(buf_str(&s->counters_text), s->counters);
	return s;
}

void seen_take_associations(struct seen *s, struct str list)
{
	free(s->associations);
	buf_clear(&s->associations_text);
	buf_put_str(&s->associations_text, list);
	s->nassociations = take_associations(buf_str(&s->associations_text), NULL);
	s->associations = calloc(s->nassociations + 1, sizeof *s->associations);
	if (s->associations == NULL)
		s->nassociations = 0;
	else
		take_associations(buf_str(&s->associations_text), s->associations);
}

void seen_keep_associations(struct seen *s, struct seen *earlier)
{
	if (s->associations != NULL || earlier->associations == NULL || s->pid != earlier->pid)
		return;
	s->associations = earlier->associations;
	s->nassociations = earlier->nassociations;
	s->associations_text = earlier->associations_text;
	earlier->associations = NULL;
	earlier->nassociations = 0;
	earlier->associations_text = BUF_INIT;
}

void picture_router_lost(struct picture *p, bool died)
{
	uint64_t now = clock_ms();

	list_for_each(pos, &p->all) {
		struct seen *s = container_of(pos, struct seen, link);
		bool router = s->role == ROLE_ROUTER;

		s->state = router ? INSTANCE_RESTARTING : INSTANCE_UNKNOWN;
		s->changed_ms = now;
		s->deaths += router && died;
	}
}

void picture_router_missing(struct picture *p)
{
	list_for_each(pos, &p->all) {
		struct seen *s = container_of(pos, struct seen, link);

		if (s->state != INSTANCE_RESTARTING || clock_ms() - s->changed_ms <= RESTARTS_MS)
			continue;
		s->state = INSTANCE_GONE;
		s->changed_ms += RESTARTS_MS;
	}
}

const struct counted *seen_counter(const struct seen *s, const char *name)
{
	for (size_t i = 0; i < s->ncounters; i++)
		if (str_is(s->counters[i].name, name))
			return &s->counters[i];
	return NULL;
}

uint64_t seen_value(const struct seen *s, const char *name)
{
	const struct counted *c = seen_counter(s, name);

	return c != NULL ? c->value : 0;
}

uint64_t picture_sum(const struct picture *p, unsigned roles, const char *name)
{
	uint64_t sum = 0;

	list_for_each(pos, &p->all) {
		const struct seen *s = container_of(pos, struct seen, link);

		if ((s->role & roles) != 0)
			sum += seen_value(s, name);
	}
	return sum;
}

struct str counted_base(const struct counted *c)
{
	const char *brace = memchr(c->name.p, '{', c->name.len);

	return brace != NULL ? str_make(c->name.p, (size_t)(brace - c->name.p)) : c->name;
}

/* name{label="value"} */
struct str counted_label(const struct counted *c)
{
	const char *quote = memchr(c->name.p, '"', c->name.len), *end = c->name.p + c->name.len - 2;

	if (quote == NULL || c->name.len < 2 || quote >= end || end[0] != '"' || end[1] != '}')
		return STR_NONE;
	return str_make(quote + 1, (size_t)(end - quote - 1));
}
