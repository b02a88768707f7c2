/* Last activity: of the server its age, of an account how long it has been away. */
#include "routerd/services/last.h"

#include <inttypes.h>

#include "base/clock.h"
#include "routerd/account.h"
#include "routerd/presence.h"
#include "xmpp/escape.h"
#include "xmpp/names.h"

static void answer(struct transit *t, uint64_t seconds, struct str status)
{
	struct buf out = BUF_INIT;

	buf_printf(&out, "<query xmlns='" NS_LAST "' seconds='%" PRIu64 "'", seconds);
	if (status.len == 0) {
		buf_put_lit(&out, "/>");
	} else {
		buf_put_byte(&out, '>');
		escape_text(&out, status);
		buf_put_lit(&out, "</query>");
	}
	transit_result(t, buf_str(&out));
	buf_fini(&out);
}

static bool here(const struct account *a)
{
	list_for_each(pos, &a->sessions)
		if (session_available(container_of(pos, struct session, in_account)))
			return true;
	return false;
}

static void of_account(struct transit *t, const struct account *a)
{
	int64_t away = clock_wall() - (a->last_seen != 0 ? a->last_seen : a->created / 1000000);

	if (here(a))
		answer(t, 0, STR_NONE);
	else
		answer(t, away > 0 ? (uint64_t)away : 0, str_of(a->last_status));
}

void last_get(struct transit *t, enum service_place place, const struct tree_node *child)
{
	const struct account *a = place == SERVICE_OTHER ? transit_recipient(t) : NULL;

	(void)child;
	if (place == SERVICE_SERVER)
		answer(t, (clock_ms() - t->cause.router->started_ms) / 1000, STR_NONE);
	else if (place == SERVICE_ACCOUNT && t->sender != NULL)
		of_account(t, t->sender->account);
	/* Strangers learn nothing, not even that there is somebody (XEP-0012 4, 5). */
	else if (a == NULL || a->state != ACCOUNT_THERE || !presence_given(a, t->from.bare) ||
		 blocklist_blocks(&a->blocklist, &t->from))
		transit_error(t, STANZA_FORBIDDEN, NULL);
	else
		of_account(t, a);
}
