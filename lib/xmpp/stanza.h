/*
 * stanza - an envelope and inner XML: how a stanza travels inside the suite
 *
 * The envelope is what stands in the stanza's own tag; the inner XML are its children in
 * canonical form: well-formed, namespaces declared where they are used, the stream's content
 * namespace (jabber:client or jabber:server) left undeclared, no prefix on elements, CDATA turned
 * into escaped text, ' around attributes.  So it is the same bytes on every kind of stream.
 *
 * content bits and child names come from the one SAX pass at the entry.  They are advice about
 * the sender's own stanza; nothing of security rests on them.
 *
 * struct stanza borrows every text.
 */
#ifndef BH_STANZA_H
#define BH_STANZA_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

enum stanza_kind {
	STANZA_MESSAGE = 1,
	STANZA_PRESENCE = 2,
	STANZA_IQ = 3,
};

/* One numbering for all kinds; 0 is an absent type (message: normal, presence: available). */
#define STANZA_TYPE_MAP(XX)                                                                        \
	XX(NORMAL, 1, "normal")                                                                    \
	XX(CHAT, 2, "chat")                                                                        \
	XX(GROUPCHAT, 3, "groupchat")                                                              \
	XX(HEADLINE, 4, "headline")                                                                \
	XX(ERROR, 5, "error")                                                                      \
	XX(UNAVAILABLE, 6, "unavailable")                                                          \
	XX(SUBSCRIBE, 7, "subscribe")                                                              \
	XX(SUBSCRIBED, 8, "subscribed")                                                            \
	XX(UNSUBSCRIBE, 9, "unsubscribe")                                                          \
	XX(UNSUBSCRIBED, 10, "unsubscribed")                                                       \
	XX(PROBE, 11, "probe")                                                                     \
	XX(GET, 12, "get")                                                                         \
	XX(SET, 13, "set")                                                                         \
	XX(RESULT, 14, "result")                                                                   \
	XX(UNKNOWN, 15, NULL) /* none of the kind's types; RFC 6121 5.2.2: a message is normal */

enum stanza_type {
	TYPE_NONE = 0,
#define XX(name, number, text) TYPE_##name = number,
	STANZA_TYPE_MAP(XX)
#undef XX
};

enum stanza_content {
	CONTENT_BODY = 1 << 0,	     /* a <body/> of the content namespace */
	CONTENT_SUBJECT = 1 << 1,
	CONTENT_CHAT_STATE = 1 << 2, /* a chat state, XEP-0085 */
	CONTENT_NO_STORE = 1 << 3,   /* XEP-0334 */
	CONTENT_NO_COPY = 1 << 4,
	CONTENT_STORE = 1 << 5,
	CONTENT_CARBON = 1 << 6,     /* a carbon wrapper, XEP-0280 */
	CONTENT_PRIVATE = 1 << 7,    /* <private/>, XEP-0280 */
	CONTENT_CAPS = 1 << 8,	     /* XEP-0115 */
	CONTENT_RECEIPT = 1 << 9,    /* XEP-0184 */
	CONTENT_MUC_USER = 1 << 10,
	CONTENT_STANZA_ID = 1 << 11, /* claims a stanza-id, XEP-0359 */
	CONTENT_ERROR = 1 << 12,
};

enum { STANZA_CHILDREN_MAX = 16 };

struct stanza {
	uint8_t kind;
	uint8_t type;
	uint8_t nchildren; /* of all first-level children at most STANZA_CHILDREN_MAX are named */
	uint32_t content;
	struct str to, from, id, lang;
	struct str attrs; /* other attributes of the tag, namespaced ones only, ready to write:
			   * " xmlns:a='..' a:b='..'", or absent */
	const uint8_t *children; /* nchildren times a u64 stanza_child_name(), big-endian; when
				  * decoded it points into the envelope */
	struct str inner;
};

/* The name of a first-level child as a hash of its namespace and name. */
uint64_t stanza_child_name(struct str ns, struct str name);
bool stanza_has_child(const struct stanza *s, uint64_t name);

/* A presence stanza of subscription management (RFC 6121 3). */
static inline bool stanza_is_subscription(const struct stanza *s)
{
	return s->kind == STANZA_PRESENCE && s->type >= TYPE_SUBSCRIBE && s->type <= TYPE_UNSUBSCRIBED;
}

/* enum stanza_type by its text; TYPE_UNKNOWN for what the kind does not have. */
uint8_t stanza_type_parse(uint8_t kind, struct str text);
const char *stanza_type_name(uint8_t type);

/* The envelope of SUBMIT and DELIVER: all but from.  buf_failed() tells of lack of memory. */
void stanza_encode(struct buf *out, const struct stanza *s);
/* 0 or BH_EPROTO; from is left absent.  Checks form and bounds only. */
int stanza_decode(struct str envelope, struct stanza *s);

struct xmlcheck_top;

/* Are its texts, its attributes and its children what our writer makes (xmlcheck.h)?  Addresses are not looked at.  top
 * is filled in when they are; may be NULL. */
bool stanza_is_canonical(const struct stanza *s, struct xmlcheck_top *top);

/* Writes the stanza as XML, its tag and its children, and additions (addition.h; may be empty)
 * before the end tag.  from and to are written escaped where present; receiver is the `to` of a
 * stanza without one, and of what the additions wrap around it.  Where receiver is absent and would
 * be written, returns where in out the attribute `to` may be put in (escape_put_attribute()), so that
 * what is written once can go to many; otherwise 0. */
size_t stanza_write(struct buf *out, const struct stanza *s, struct str additions,
	struct str receiver);

/* The answer to s: to and from exchanged, id and kind kept, that type; inner is empty and the
 * caller's to fill. */
void stanza_reply(const struct stanza *s, uint8_t type, struct stanza *reply);

#endif
