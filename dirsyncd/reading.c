/* Values of an entry, and complaints about them. */
#include "dirsyncd/reading.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/list.h"
#include "bus/textlist.h"
#include "daemon/log.h"
#include "directory/sync.h"
#include "xmpp/xmlcheck.h"

/* ---- on the thread ------------------------------------------------------------------------- */

void reading_init(struct reading *r, const struct direntry *entry)
{
	*r = (struct reading){.entry = entry, .complaints = BUF_INIT, .mark = HASH_NAME_SEED};
}

void reading_fini(struct reading *r)
{
	buf_fini(&r->complaints);
}

static bool has(const struct buf *list, struct str text)
{
	struct str rest = buf_str(list), one;

	while (textlist_take(&rest, &one))
		if (str_eq(one, text))
			return true;
	return false;
}

void reading_complain(struct reading *r, struct str value, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (has(&r->complaints, str_of(text)))
		return;
	textlist_put(&r->complaints, str_of(text));
	r->mark = hash_name(r->mark, text, strlen(text));
	r->mark = hash_name(r->mark, value.p, value.len);
}

struct str reading_text(struct reading *r, const char *attribute, size_t i, size_t max)
{
	struct str value = direntry_value(r->entry, attribute, i);

	if (value.len > max) {
		reading_complain(r, value, "%.100s: %u bytes are too many, %zu are the most", attribute, value.len, max);
		return STR_NONE;
	}
	if (!xmlcheck_text(value)) {
		reading_complain(r, value, "%.100s: it is no text in UTF-8, or has control characters", attribute);
		return STR_NONE;
	}
	return value;
}

struct str reading_first(struct reading *r, const char *const *attributes, size_t max)
{
	struct str value = STR_NONE;

	for (; *attributes != NULL && value.len == 0; attributes++)
		for (size_t i = 0; i < direntry_count(r->entry, *attributes) && value.len == 0; i++)
			value = reading_text(r, *attributes, i, max);
	return value;
}

/* ---- on the loop --------------------------------------------------------------------------- */

struct wrong {
	struct map_node node;
	uint8_t uuid[UUID_SIZE];
	uint64_t mark;
};

static struct wrong *find(const struct said *s, const uint8_t *uuid)
{
	struct map_node *n = map_find(&s->entries, uuid, UUID_SIZE);

	return n != NULL ? container_of(n, struct wrong, node) : NULL;
}

static void forget(struct said *s, struct wrong *w)
{
	map_remove(&s->entries, &w->node);
	free(w);
}

bool said_anything(const struct said *s, const uint8_t *uuid)
{
	return find(s, uuid) != NULL;
}

void said_forget(struct said *s, const uint8_t *uuid)
{
	struct wrong *w = find(s, uuid);

	if (w != NULL)
		forget(s, w);
}

void said_fini(struct said *s)
{
	struct map_walk walk;
	struct map_node *node;

	map_walk_start(&walk, &s->entries);
	while ((node = map_walk_next(&walk)) != NULL)
		forget(s, container_of(node, struct wrong, node));
	map_fini(&s->entries);
}

static struct wrong *add(struct said *s, const uint8_t *uuid)
{
	struct wrong *w = bh_alloc(sizeof *w);

	memcpy(w->uuid, uuid, UUID_SIZE);
	if (map_add(&s->entries, &w->node, w->uuid, UUID_SIZE) == 0)
		return w;
	free(w);
	return NULL;
}

void said_now(struct said *s, const uint8_t *uuid, const struct complaints *c)
{
	struct wrong *w = find(s, uuid);
	struct str rest = c->list, text;

	if (c->list.len == 0) {
		said_forget(s, uuid);
		return;
	}
	if (w != NULL && w->mark == c->mark)
		return;
	while (textlist_take(&rest, &text))
		log_warn("entry-warning", "directory=%s dn=%s reason=%s", LOG_TEXT(c->directory), LOG_STR(c->dn), LOG_STR(text));
	if (w == NULL)
		w = add(s, uuid);
	if (w != NULL)
		w->mark = c->mark;
}
