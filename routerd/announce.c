/* Announcements, for bulkheadctl and for administrators with clients (XEP-0133 4.23). */
#include "routerd/announce.h"

#include "routerd/account.h"
#include "routerd/emit.h"
#include "routerd/routerd.h"
#include "routerd/session.h"
#include "routerd/sharing.h"
#include "xmpp/escape.h"
#include "xmpp/names.h"

struct announcing {
	struct parcel *parcel;
	size_t sessions;
};

bool announcement_fits(struct str text)
{
	for (uint32_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c < ' ' && c != '\t' && c != '\n' && c != '\r')
			return false;
	}
	return text.len > 0 && text.len <= ANNOUNCEMENT_MAX;
}

static void tell(void *arg, struct account *a)
{
	struct announcing *all = arg;

	list_for_each(pos, &a->sessions) {
		struct session *s = container_of(pos, struct session, in_account);

		if (session_available(s) && fanout_add(all->parcel, s) == 0)
			all->sessions++;
	}
}

static struct parcel *make(struct router *r, struct str domain, struct str text)
{
	uint64_t child = htobe64(stanza_child_name(STR_LIT(NS_CLIENT), STR_LIT("body")));
	struct stanza s = {.kind = STANZA_MESSAGE, .type = TYPE_HEADLINE, .from = domain,
		.content = CONTENT_BODY, .nchildren = 1, .children = (const uint8_t *)&child};
	struct cause cause = cause_of_server(r);
	struct buf inner = BUF_INIT;
	struct parcel *p = NULL;

	buf_put_lit(&inner, "<body>");
	escape_text(&inner, text);
	buf_put_lit(&inner, "</body>");
	s.inner = buf_str(&inner);
	if (!buf_failed(&inner))
		p = emit_parcel(&cause, &s);
	buf_fini(&inner);
	return p;
}

size_t announce(struct router *r, struct str domain, struct str text)
{
	struct announcing all = {.parcel = make(r, domain, text)};

	if (all.parcel == NULL)
		return 0;
	fanout_begin();
	sharing_each_present(r, domain, tell, &all);
	fanout_send(all.parcel);
	parcel_unref(&all.parcel);
	return all.sessions;
}
