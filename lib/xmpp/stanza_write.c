/* Stanzas as XML for a stream. */
#include "xmpp/addition.h"
#include "xmpp/escape.h"
#include "xmpp/names.h"
#include "xmpp/stanza.h"

static const struct str kind_names[] = {
	[STANZA_MESSAGE] = {"message", 7},
	[STANZA_PRESENCE] = {"presence", 8},
	[STANZA_IQ] = {"iq", 2},
};

static inline void put_attribute(struct buf *out, struct str head, struct str value)
{
	if (value.p == NULL)
		return;
	buf_put_str(out, head);
	escape_attribute(out, value);
	buf_put_byte(out, '\'');
}

/* The tag without its '>'; xmlns may be absent.  Returns where `to` stands, or would. */
static size_t put_tag(struct buf *out, const struct stanza *s, struct str xmlns)
{
	size_t place;

	buf_put_byte(out, '<');
	buf_put_str(out, kind_names[s->kind]);
	put_attribute(out, STR_LIT(" xmlns='"), xmlns);
	put_attribute(out, STR_LIT(" from='"), s->from);
	place = out->len;
	put_attribute(out, STR_LIT(" to='"), s->to);
	put_attribute(out, STR_LIT(" id='"), s->id);
	put_attribute(out, STR_LIT(" type='"), str_of(stanza_type_name(s->type)));
	put_attribute(out, STR_LIT(" xml:lang='"), s->lang);
	buf_put_str(out, s->attrs);
	return place;
}

static void put_end_tag(struct buf *out, const struct stanza *s)
{
	buf_put_lit(out, "</");
	buf_put_str(out, kind_names[s->kind]);
	buf_put_byte(out, '>');
}

static void put_addition(struct buf *out, const struct addition *a)
{
	switch (a->kind) {
	case ADDITION_STANZA_ID:
		buf_put_lit(out, "<stanza-id xmlns='" NS_STANZA_ID "'");
		escape_put_attribute(out, "by", a->a);
		escape_put_attribute(out, "id", a->b);
		buf_put_lit(out, "/>");
		break;
	case ADDITION_DELAY:
		buf_put_lit(out, "<delay xmlns='" NS_DELAY "'");
		escape_put_attribute(out, "from", a->a);
		escape_put_attribute(out, "stamp", a->b);
		buf_put_lit(out, "/>");
		break;
	default: /* the wrapper, which put_carbon() has written */
		break;
	}
}

static size_t put_stanza(struct buf *out, const struct stanza *s, struct str additions,
	struct str xmlns)
{
	size_t place = put_tag(out, s, xmlns);
	struct addition a;

	if (s->inner.len == 0 && additions.len == 0) {
		buf_put_lit(out, "/>");
		return place;
	}
	buf_put_byte(out, '>');
	buf_put_str(out, s->inner);
	while (addition_take(&additions, &a))
		put_addition(out, &a);
	put_end_tag(out, s);
	return place;
}

/* The account's own server sends the copy: it comes from the account, to the resource that gets it
 * (XEP-0280, 6 and 7).  Returns where its `to` stands, or would. */
static size_t put_carbon(struct buf *out, const struct stanza *s, const struct addition *carbon,
	struct str additions, struct str receiver)
{
	struct str name = str_is(carbon->a, "sent") ? STR_LIT("sent") : STR_LIT("received");
	struct stanza wrapper = {
		.kind = STANZA_MESSAGE, .type = s->type, .from = carbon->b, .to = receiver};
	size_t place = put_tag(out, &wrapper, STR_NONE);

	buf_put_lit(out, "><");
	buf_put_str(out, name);
	buf_put_lit(out, " xmlns='" NS_CARBONS "'><forwarded xmlns='" NS_FORWARD "'>");
	put_stanza(out, s, additions, STR_LIT(NS_CLIENT));
	buf_put_lit(out, "</forwarded></");
	buf_put_str(out, name);
	buf_put_lit(out, "></message>");
	return place;
}

/* The wrapper goes around all, wherever it stands in the list. */
static bool find_carbon(struct str additions, struct addition *carbon)
{
	while (addition_take(&additions, carbon))
		if (carbon->kind == ADDITION_CARBON)
			return true;
	return false;
}

size_t stanza_write(struct buf *out, const struct stanza *s, struct str additions,
	struct str receiver)
{
	struct stanza addressed = *s;
	struct addition carbon;
	size_t place;

	if (additions.len > 0 && find_carbon(additions, &carbon)) {
		place = put_carbon(out, s, &carbon, additions, receiver);
		return receiver.p == NULL ? place : 0;
	}
	if (s->to.p == NULL)
		addressed.to = receiver;
	place = put_stanza(out, &addressed, additions, STR_NONE);
	return addressed.to.p == NULL ? place : 0;
}
