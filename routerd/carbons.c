/* Who gets a copy of what. */
#include "routerd/carbons.h"

#include "routerd/services/carbons.h"
#include "routerd/session_row.h"
#include "xmpp/addition.h"

/* Their branches are fixed: a repetition must give the same, whoever had switched them on. */
enum { BRANCH_SENT = 0x40000001, BRANCH_RECEIVED = 0x40000002 };

/* Section 6.1: chat, and what has a body; nothing that asks not to be copied. */
static bool eligible(const struct stanza *s)
{
	if (s->content & (CONTENT_PRIVATE | CONTENT_NO_COPY | CONTENT_CARBON | CONTENT_MUC_USER))
		return false;
	switch (s->type) {
	case TYPE_CHAT:
		return true;
	case TYPE_NONE:
	case TYPE_NORMAL:
	case TYPE_UNKNOWN:
		return s->content & (CONTENT_BODY | CONTENT_RECEIPT | CONTENT_CHAT_STATE);
	default:
		return false;
	}
}

typedef bool got_fn(const struct transit *t, const struct session *s);

static bool anybody(const struct transit *t, const struct account *a, got_fn *got)
{
	list_for_each(pos, &a->sessions) {
		const struct session *s = container_of(pos, struct session, in_account);

		if (s->carbons && !got(t, s))
			return true;
	}
	return false;
}

static void copy(struct transit *t, struct account *a, const struct parcel_text *text,
	uint32_t branch, got_fn *got)
{
	struct parcel *p = parcel_branch(&t->cause, branch, text);

	if (p == NULL)
		return;
	fanout_begin();
	list_for_each(pos, &a->sessions) {
		struct session *s = container_of(pos, struct session, in_account);

		if (s->carbons && !got(t, s))
			(void)fanout_add(p, s);
	}
	fanout_send(p);
	parcel_unref(&p);
}

static bool is_sender(const struct transit *t, const struct session *s)
{
	return s == t->sender;
}

void carbons_sent(struct transit *t)
{
	struct account *a = t->sender != NULL ? t->sender->account : NULL;
	struct buf additions = BUF_INIT;
	struct addition wrapper = {.kind = ADDITION_CARBON, .a = STR_LIT("sent")};

	if (a == NULL || a->nsessions < 2 || !eligible(&t->stanza) || !anybody(t, a, is_sender))
		return;
	wrapper.b = a->jid.bare;
	addition_put(&additions, &wrapper);
	copy(t, a, &(struct parcel_text){t->from.full, buf_str(&additions), t->envelope},
		BRANCH_SENT, is_sender);
	buf_fini(&additions);
}

void carbons_received(struct transit *t, struct account *a, struct str additions, got_fn *got)
{
	struct addition wrapper = {.kind = ADDITION_CARBON, .a = STR_LIT("received"), .b = a->jid.bare};
	struct buf all = BUF_INIT;

	if (a->nsessions < 2 || !eligible(&t->stanza) || !anybody(t, a, got))
		return;
	buf_put_str(&all, additions);
	addition_put(&all, &wrapper);
	copy(t, a, &(struct parcel_text){t->from.full, buf_str(&all), t->envelope},
		BRANCH_RECEIVED, got);
	buf_fini(&all);
}

static void set(struct transit *t, bool on)
{
	if (t->sender != NULL)
		session_set(t->sender, &t->sender->carbons, on, &t->cause);
}

void carbons_enable(struct transit *t, enum service_place place, const struct tree_node *child)
{
	(void)place, (void)child;
	set(t, true);
	transit_result(t, STR_LIT(""));
}

void carbons_disable(struct transit *t, enum service_place place, const struct tree_node *child)
{
	(void)place, (void)child;
	set(t, false);
	transit_result(t, STR_LIT(""));
}
