/*
 * reader - an XML stream into stanzas, over libxml2's SAX2 push parser
 *
 * Bytes go in with reader_feed(); out come the stream's opening tag, each element at depth
 * one when its last '>' was seen (never a byte later), and the closing tag.  Stanzas come
 * with inner XML in canonical form (stanza.h).
 *
 * Refused at its first byte that shows it: a DTD, a comment, a processing instruction
 * (restricted-xml); an encoding other than UTF-8; undeclared prefixes.  Sizes are bounded
 * while they arrive: bytes of a stanza, depth, attributes of an element, length of a tag.
 *
 * The parser itself (16 KiB) is taken from a pool when bytes arrive and given back when the stream
 * is idle at depth one; an idle reader is a few dozen bytes.  This is the only place in the
 * suite where an XML parser is created (attacks.md, S1): tree.h is built on it.
 *
 * A reader calls its handlers from within reader_feed() only.  A handler may call
 * reader_free() on it, or reader_restart(); the rest of the bytes fed is then dropped, and
 * reader_feed() returns READER_STOPPED.
 */
#ifndef BH_READER_H
#define BH_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "xmpp/stanza.h"

struct reader;
struct reader_pool;

struct reader_limits {
	uint32_t stanza; /* bytes of one element at depth one */
	uint32_t tag;	 /* bytes of one tag, name, or other token */
	uint16_t depth;
	uint16_t attributes; /* of one element, namespace declarations among them */
	bool wipe;	     /* stanzas may hold a password, too: wiped after their handler, as other
			      * elements always are */
};

/* The opening tag. */
struct stream_header {
	struct str ns;		/* of the root element itself */
	struct str name;
	struct str content_ns;	/* the default namespace declared on it; absent without */
	struct str prefix;	/* the prefix on the root element's own name */
	struct str to, from, id, version, lang;
	bool dialback; /* jabber:server:dialback is declared */
};

/* An element at depth one.  kind 0: not a stanza, but say <auth/>; then stanza.inner holds its
 * children, stanza.id ... are absent, and text is its character data (at depth one). */
struct element {
	struct str ns, name;
	struct stanza stanza;
	struct str text; /* direct character data, unescaped */
	uint32_t size;	 /* bytes that it took on the stream */
	const struct attribute *attributes; /* all without a namespace */
	size_t nattributes;
};

struct attribute {
	struct str name, value; /* value unescaped */
};

/* The value of an attribute without a namespace; absent where there is none. */
struct str element_attribute(const struct element *e, const char *name);

struct reader_handlers {
	void (*on_open)(void *owner, const struct stream_header *header);
	void (*on_element)(void *owner, const struct element *element);
	void (*on_close)(void *owner);
};

enum reader_result {
	READER_OK = 0,
	READER_STOPPED = 1, /* a handler freed or restarted the reader */
	/* negative: minus an enum stream_error; the reader accepts nothing more */
};

struct reader_pool *reader_pool_create(void);
void reader_pool_free(struct reader_pool **pool);

struct reader *reader_create(struct reader_pool *pool, const struct reader_handlers *handlers,
	void *owner, const struct reader_limits *limits);
void reader_free(struct reader **reader);

/* A new stream follows on the same connection (after TLS, after SASL), with these limits. */
void reader_restart(struct reader *reader, const struct reader_limits *limits);

/* The same stream goes on with other limits, from its next element on. */
void reader_set_limits(struct reader *reader, const struct reader_limits *limits);

/* Takes all bytes; the handlers run.  See enum reader_result. */
int reader_feed(struct reader *reader, const uint8_t *p, size_t n);

/* Nothing half-read: no open element, no pending bytes. */
bool reader_idle(const struct reader *reader);

/* Why the last feed failed, in a few words for the log ("DTD", "undeclared prefix 'x'"). */
const char *reader_reason(const struct reader *reader);

#endif
