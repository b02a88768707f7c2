/* reader_log - what the tests of the reader share: a reader whose events are written down */
#ifndef TEST_READER_LOG_H
#define TEST_READER_LOG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "xmpp/names.h"
#include "xmpp/reader_private.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define HEADER                                                                                     \
	"<stream:stream to='a.example' version='1.0' xmlns='jabber:client' "                       \
	"xmlns:stream='" NS_STREAMS "'>"

static const struct reader_limits usual = {
	.stanza = 10000, .tag = 2000, .depth = 20, .attributes = 20};

/* Writes down every event. */
struct log {
	struct buf text;
	struct reader *reader;
	unsigned opened, elements, closed;
	bool idle_seen;
	bool free_it, restart_it; /* at the next element */
	bool free_at_open, free_at_close;
};

static inline void put_field(struct log *l, const char *name, struct str value)
{
	if (value.p != NULL)
		buf_printf(&l->text, " %s=[%.*s]", name, STR_FMT(value));
}

static inline void on_open(void *owner, const struct stream_header *h)
{
	struct log *l = owner;

	l->opened++;
	buf_printf(&l->text, "open");
	put_field(l, "ns", h->ns);
	put_field(l, "name", h->name);
	put_field(l, "content", h->content_ns);
	put_field(l, "prefix", h->prefix);
	put_field(l, "to", h->to);
	put_field(l, "from", h->from);
	put_field(l, "id", h->id);
	put_field(l, "version", h->version);
	put_field(l, "lang", h->lang);
	buf_printf(&l->text, "%s\n", h->dialback ? " dialback" : "");
	if (l->free_at_open)
		reader_free(&l->reader);
}

static inline void put_stanza(struct log *l, const struct stanza *s)
{
	buf_printf(&l->text, " kind=%u type=%u content=%x", s->kind, s->type, s->content);
	put_field(l, "to", s->to);
	put_field(l, "from", s->from);
	put_field(l, "id", s->id);
	put_field(l, "lang", s->lang);
	put_field(l, "attrs", s->attrs);
	put_field(l, "inner", s->inner);
	for (size_t i = 0; i < 8u * s->nchildren; i++)
		buf_printf(&l->text, "%s%02x", i % 8 == 0 ? " " : "", s->children[i]);
}

static inline void on_element(void *owner, const struct element *e)
{
	struct log *l = owner;

	l->elements++;
	buf_printf(&l->text, "element %u", e->size);
	put_field(l, "ns", e->ns);
	put_field(l, "name", e->name);
	put_stanza(l, &e->stanza);
	put_field(l, "text", e->text);
	for (size_t i = 0; i < e->nattributes; i++)
		buf_printf(&l->text, " {%.*s=%.*s}", STR_FMT(e->attributes[i].name),
			STR_FMT(e->attributes[i].value));
	buf_put_lit(&l->text, "\n");
	l->idle_seen = reader_idle(l->reader);
	if (l->restart_it)
		reader_restart(l->reader, &usual);
	if (l->free_it)
		reader_free(&l->reader);
	l->free_it = l->restart_it = false;
}

static inline void on_close(void *owner)
{
	struct log *l = owner;

	l->closed++;
	buf_put_lit(&l->text, "close\n");
	if (l->free_at_close)
		reader_free(&l->reader);
}

static const struct reader_handlers handlers = {on_open, on_element, on_close};

static struct reader_pool *pool;

static inline int set_up(void **state)
{
	(void)state;
	pool = reader_pool_create();
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	reader_pool_free(&pool);
	assert_null(pool);
	return 0;
}

static inline void begin(struct log *l, const struct reader_limits *limits)
{
	*l = (struct log){0};
	l->reader = reader_create(pool, &handlers, l, limits);
}

static inline void end(struct log *l)
{
	reader_free(&l->reader);
	assert_null(l->reader);
	buf_fini(&l->text);
}

static inline int feed_bytes(struct log *l, const char *p, size_t n, size_t step)
{
	int rc = READER_OK;

	for (size_t i = 0; i < n && rc == READER_OK; i += step)
		rc = reader_feed(l->reader, (const uint8_t *)p + i, n - i < step ? n - i : step);
	return rc;
}

static inline int feed(struct log *l, const char *text)
{
	return feed_bytes(l, text, strlen(text), strlen(text) + 1);
}

static inline bool said(const struct log *l, const char *what)
{
	return l->text.data != NULL &&
	       memmem(l->text.data, l->text.len, what, strlen(what)) != NULL;
}

#define assert_said(l, what)                                                                       \
	do {                                                                                       \
		if (!said((l), (what)))                                                            \
			fail_msg("no %s in:\n%.*s", (what), (int)(l)->text.len,                    \
				(char *)(l)->text.data);                                           \
	} while (0)

/* The condition of the failure, 0 if there was none. */
static inline int failure(const char *header, const char *in, size_t n, size_t step)
{
	struct log l;
	int rc;

	begin(&l, &usual);
	assert_int_equal(feed(&l, header), READER_OK);
	rc = feed_bytes(&l, in, n, step);
	if (rc != 0) {
		assert_int_equal(feed(&l, "<presence/>"), rc);
		assert_true(strlen(reader_reason(l.reader)) > 0);
	}
	end(&l);
	return -rc;
}

static inline void repeat(struct buf *out, const char *text, size_t times)
{
	for (size_t i = 0; i < times; i++)
		buf_put(out, text, strlen(text));
}

#endif
