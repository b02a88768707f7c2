/* Streams: feeding bytes, limits, and the life of a reader. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "xmpp/reader_private.h"

struct feed {
	const uint8_t *begin, *at, *end;
};

struct reader *reader_create(struct reader_pool *pool, const struct reader_handlers *handlers,
	void *owner, const struct reader_limits *limits)
{
	struct reader *r = bh_alloc(sizeof(*r));

	r->pool = pool;
	r->handlers = handlers;
	r->owner = owner;
	r->limits = *limits;
	return r;
}

/* A parser that is running sees that its reader is gone, and feed_slice() frees it. */
static void drop_parser(struct reader *r)
{
	struct parser *p = r->parser;

	if (p == NULL)
		return;
	r->parser = NULL;
	p->reader = NULL;
	p->stop = true;
	if (!p->running)
		parser_destroy(p);
}

static void drop_stream(struct reader *r)
{
	drop_parser(r);
	if (r->dialect != NULL && !r->dialect->shared)
		free((void *)(uintptr_t)r->dialect);
	r->dialect = NULL;
	free(r->reason);
	r->reason = NULL;
}

void reader_free(struct reader **reader)
{
	if (*reader == NULL)
		return;
	drop_stream(*reader);
	free(*reader);
	*reader = NULL;
}

void reader_restart(struct reader *reader, const struct reader_limits *limits)
{
	drop_stream(reader);
	reader->limits = *limits;
	reader->error = 0;
	reader->closed = false;
}

void reader_set_limits(struct reader *reader, const struct reader_limits *limits)
{
	reader->limits = *limits;
}

void reader_fail(struct reader *r, int condition, const char *fmt, ...)
{
	va_list ap;

	if (r->error != 0)
		return;
	r->error = (int16_t)-condition;
	va_start(ap, fmt);
	if (vasprintf(&r->reason, fmt, ap) < 0)
		r->reason = NULL;
	va_end(ap);
}

void parser_refuse(struct parser *p, int condition, const char *reason)
{
	p->stop = true;
	if (p->reader != NULL)
		reader_fail(p->reader, condition, "%s", reason);
}

const char *reader_reason(const struct reader *reader)
{
	return reader->reason != NULL ? reader->reason : "";
}

bool reader_idle(const struct reader *reader)
{
	const struct parser *p = reader->parser;

	/* In a handler: was its element the last that was fed? */
	return p == NULL || (p->depth == 1 && p->after == 0 && p->fed == parser_offset(p));
}

struct str element_attribute(const struct element *e, const char *name)
{
	for (size_t i = 0; i < e->nattributes; i++) {
		if (str_is(e->attributes[i].name, name))
			return e->attributes[i].value;
	}
	return STR_NONE;
}

/* Takes a parser for bytes that begin with no blank. */
static void wake(struct reader *r, const struct feed *f)
{
	struct refusal why = {0};

	if (r->dialect == NULL)
		guard_first(f->at, (size_t)(f->end - f->at), &why);
	else if (*f->at != '<')
		why = (struct refusal){STREAM_BAD_FORMAT, "text between stanzas"};
	if (why.condition != 0)
		reader_fail(r, why.condition, "%s", why.reason);
	else if (parser_attach(r) < 0)
		reader_fail(r, STREAM_RESOURCE_CONSTRAINT, "out of memory");
}

/* The first of the pending bytes that is no blank, f->at if there is none; NULL where they
 * begin before this feed, as only a token that has begun does. */
static const uint8_t *pending_token(const struct parser *p, const struct feed *f)
{
	uint64_t pending = p->fed - parser_offset(p);
	const uint8_t *first = f->at - pending;

	if (pending > (uint64_t)(f->at - f->begin))
		return NULL;
	return first + guard_blanks(first, (size_t)pending);
}

/* Text between stanzas is refused at its first byte, though libxml2 waits for its end. */
static void check_between(struct parser *p, const struct feed *f)
{
	const uint8_t *token = pending_token(p, f);

	if (p->guard.state == GUARD_CDATA || (token != NULL && token < f->at && *token != '<'))
		parser_refuse(p, STREAM_BAD_FORMAT, "text between stanzas");
}

static void check_sizes(struct parser *p)
{
	const struct reader_limits *limits = &p->reader->limits;
	uint64_t pending = p->fed - parser_offset(p);
	uint64_t element = p->depth > 1 ? p->fed - p->start : pending;

	if (pending > p->peak)
		p->peak = pending;
	if (p->depth == 0 && p->fed > limits->tag)
		parser_refuse(p, STREAM_POLICY_VIOLATION, "stream header too long");
	else if (element > limits->stanza)
		parser_refuse(p, STREAM_POLICY_VIOLATION, "stanza too large");
	else if (pending > limits->tag && p->xml->instate != XML_PARSER_CDATA_SECTION)
		parser_refuse(p, STREAM_POLICY_VIOLATION, "tag too long");
}

/* All that can be said of bytes that made no event. */
static void check_slice(struct parser *p, const struct feed *f, int rc, const struct refusal *why)
{
	if (!p->stop && rc != 0)
		parser_refuse(p, STREAM_NOT_WELL_FORMED, "not well-formed");
	if (!p->stop)
		check_sizes(p);
	if (!p->stop && p->depth == 1)
		check_between(p, f);
	if (!p->stop && why->condition != 0)
		parser_refuse(p, why->condition, why->reason);
}

static int parse(struct parser *p, const uint8_t *bytes, size_t n)
{
	int rc;

	if (n == 0)
		return 0;
	p->fed += n;
	p->running = true;
	rc = xmlParseChunk(p->xml, (const char *)bytes, (int)n, 0);
	p->running = false;
	return rc;
}

/* Feeds the next bytes and moves f->at past what is done with.  READER_OK, also when the reader
 * has failed or is closed, or READER_STOPPED. */
static int feed_slice(struct reader *r, struct feed *f)
{
	struct parser *p = r->parser;
	struct refusal why = {0};
	size_t n = (size_t)(f->end - f->at);
	size_t fits = guard_scan(&p->guard, f->at, n < READER_SLICE ? n : READER_SLICE, &why);
	int rc;

	p->after = n - fits;
	rc = parse(p, f->at, fits);
	f->at += fits;
	if (p->reader == NULL) {
		parser_destroy(p);
		return READER_STOPPED;
	}
	if (p->cut != 0) { /* another parser goes on from there */
		f->at -= p->fed - p->cut;
		parser_destroy(p);
		return READER_OK;
	}
	check_slice(p, f, rc, &why);
	if (r->error != 0 || r->closed)
		parser_destroy(p);
	return READER_OK;
}

/* The parser is needed no longer once nothing is half-read. */
static void settle(struct parser *p, const struct feed *f)
{
	if (p->depth == 1 && p->guard.state == GUARD_TEXT && pending_token(p, f) == f->at) {
		p->token = p->start = parser_offset(p);
		parser_detach(p);
	}
}

int reader_feed(struct reader *reader, const uint8_t *p, size_t n)
{
	struct feed f = {p, p, p + n};

	while (f.at < f.end && reader->error == 0 && !reader->closed) {
		if (reader->parser == NULL) {
			f.at += guard_blanks(f.at, (size_t)(f.end - f.at));
			if (f.at == f.end)
				break;
			wake(reader, &f);
		}
		if (reader->parser != NULL && feed_slice(reader, &f) == READER_STOPPED)
			return READER_STOPPED;
	}
	if (reader->parser != NULL)
		settle(reader->parser, &f);
	return reader->error;
}
