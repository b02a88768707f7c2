/* Stanzas: the packed envelope, and the names of types and children.
 *
 * Envelope: kind, type, nchildren, 0 | content | lengths of to, id, lang, attrs | children |
 * to | id | lang | attrs | inner, which takes the rest.  The length ABSENT is an absent text. */
#include "xmpp/stanza.h"

#include "base/err.h"
#include "base/hash.h"
#include "xmpp/pack.h"
#include "xmpp/xmlcheck.h"

enum { TEXTS = 4, FIXED_SIZE = 8 + 4 * TEXTS };
#define ABSENT 0xffffffffu

enum {
	IN_MESSAGE = 1 << STANZA_MESSAGE,
	IN_PRESENCE = 1 << STANZA_PRESENCE,
	IN_IQ = 1 << STANZA_IQ,
	IN_ALL = IN_MESSAGE | IN_PRESENCE | IN_IQ,
};

static const uint8_t kinds_of_type[] = {
	[TYPE_NONE] = IN_ALL,
	[TYPE_NORMAL] = IN_MESSAGE,
	[TYPE_CHAT] = IN_MESSAGE,
	[TYPE_GROUPCHAT] = IN_MESSAGE,
	[TYPE_HEADLINE] = IN_MESSAGE,
	[TYPE_ERROR] = IN_ALL,
	[TYPE_UNAVAILABLE] = IN_PRESENCE,
	[TYPE_SUBSCRIBE] = IN_PRESENCE,
	[TYPE_SUBSCRIBED] = IN_PRESENCE,
	[TYPE_UNSUBSCRIBE] = IN_PRESENCE,
	[TYPE_UNSUBSCRIBED] = IN_PRESENCE,
	[TYPE_PROBE] = IN_PRESENCE,
	[TYPE_GET] = IN_IQ,
	[TYPE_SET] = IN_IQ,
	[TYPE_RESULT] = IN_IQ,
	[TYPE_UNKNOWN] = IN_ALL,
};

static const char *const type_names[] = {
#define XX(name, number, text) [number] = text,
	STANZA_TYPE_MAP(XX)
#undef XX
};

static bool type_fits(uint8_t kind, uint8_t type)
{
	return type <= TYPE_UNKNOWN && (kinds_of_type[type] >> kind & 1) != 0;
}

uint8_t stanza_type_parse(uint8_t kind, struct str text)
{
	const uint8_t end = TYPE_UNKNOWN;

	if (text.p == NULL)
		return TYPE_NONE;
	for (uint8_t type = TYPE_NORMAL; type < end; type++)
		if (type_fits(kind, type) && str_is(text, type_names[type]))
			return type;
	return TYPE_UNKNOWN;
}

const char *stanza_type_name(uint8_t type)
{
	return type <= TYPE_UNKNOWN ? type_names[type] : NULL;
}

/* No namespace holds a NUL: so no two pairs run together to the same bytes. */
uint64_t stanza_child_name(struct str ns, struct str name)
{
	uint64_t hash = hash_name(HASH_NAME_SEED, ns.p, ns.len);

	hash = hash_name(hash, "", 1);
	return hash_name(hash, name.p, name.len);
}

bool stanza_has_child(const struct stanza *s, uint64_t name)
{
	for (size_t i = 0; i < s->nchildren; i++)
		if (unpack_u64(s->children + 8 * i) == name)
			return true;
	return false;
}

static inline uint8_t *put_bytes(uint8_t *p, const void *from, size_t n)
{
	if (n > 0)
		memcpy(p, from, n);
	return p + n;
}

void stanza_encode(struct buf *out, const struct stanza *s)
{
	const struct str *texts[TEXTS] = {&s->to, &s->id, &s->lang, &s->attrs};
	size_t children = 8 * (size_t)s->nchildren;
	size_t size = FIXED_SIZE + children + s->inner.len;
	uint8_t *p;

	for (size_t i = 0; i < TEXTS; i++)
		size += texts[i]->len;
	p = buf_room(out, size);
	if (p == NULL)
		return;
	*p++ = s->kind;
	*p++ = s->type;
	*p++ = s->nchildren;
	*p++ = 0;
	p = pack_u32(p, s->content);
	for (size_t i = 0; i < TEXTS; i++)
		p = pack_u32(p, texts[i]->p != NULL ? texts[i]->len : ABSENT);
	p = put_bytes(p, s->children, children);
	for (size_t i = 0; i < TEXTS; i++)
		p = put_bytes(p, texts[i]->p, texts[i]->len);
	put_bytes(p, s->inner.p, s->inner.len);
	buf_commit(out, size);
}

/* Cuts len bytes off the front of rest. */
static inline bool take(struct str *rest, uint32_t len, struct str *text)
{
	if (len == ABSENT) {
		*text = STR_NONE;
		return true;
	}
	if (len > rest->len)
		return false;
	*text = (struct str){rest->p, len};
	rest->p += len;
	rest->len -= len;
	return true;
}

static bool head_valid(const uint8_t *p)
{
	return p[0] >= STANZA_MESSAGE && p[0] <= STANZA_IQ && type_fits(p[0], p[1]) &&
		p[2] <= STANZA_CHILDREN_MAX && p[3] == 0;
}

int stanza_decode(struct str envelope, struct stanza *s)
{
	const uint8_t *p = (const uint8_t *)envelope.p;
	struct str *texts[TEXTS] = {&s->to, &s->id, &s->lang, &s->attrs};
	struct str rest, children;

	if (envelope.len < FIXED_SIZE || !head_valid(p))
		return BH_EPROTO;
	s->kind = p[0];
	s->type = p[1];
	s->nchildren = p[2];
	s->content = unpack_u32(p + 4);
	s->from = STR_NONE;
	rest = (struct str){envelope.p + FIXED_SIZE, envelope.len - (uint32_t)FIXED_SIZE};
	if (!take(&rest, 8u * s->nchildren, &children))
		return BH_EPROTO;
	s->children = (const uint8_t *)children.p;
	for (size_t i = 0; i < TEXTS; i++)
		if (!take(&rest, unpack_u32(p + 8 + 4 * i), texts[i]))
			return BH_EPROTO;
	s->inner = rest;
	return 0;
}

void stanza_reply(const struct stanza *s, uint8_t type, struct stanza *reply)
{
	*reply = (struct stanza){
		.kind = s->kind,
		.type = type,
		.to = s->from,
		.from = s->to,
		.id = s->id,
		.inner = STR_LIT(""),
	};
}

bool stanza_is_canonical(const struct stanza *s, struct xmlcheck_top *top)
{
	struct xmlcheck_top unused;

	return xmlcheck_inner_top(s->inner, top != NULL ? top : &unused) == 0 && xmlcheck_attrs(s->attrs) == 0 &&
	       xmlcheck_text(s->id) && xmlcheck_text(s->lang);
}
