/* USER_PUT: judged, compared, changed, and read again. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/exits.h"
#include "bus/codes.h"
#include "daemon/log.h"
#include "routerd/account.h"
#include "routerd/change.h"
#include "routerd/front.h"
#include "routerd/moving/moving.h"
#include "routerd/requests.h"
#include "routerd/session.h"

struct moving {
	struct router *router;
	uint64_t asked; /* the request's number */
	struct account *account; /* held */
	struct buf data;
	bool dry;
	bool put; /* it was changed: what is compared now says whether that succeeded */
};

static void finish(struct moving *m, unsigned code, unsigned outcome, const char *text)
{
	struct request *q = request_find(m->router, m->asked, NULL);
	struct msg_moved answer = {.code = (uint16_t)code, .outcome = (uint8_t)outcome, .text = str_of(text)};

	if (q != NULL) {
		(void)LINK_SEND(q->asker->link, MOVED, moved, q->subject, &answer);
		request_close(m->router, q);
	}
	account_release(m->account);
	buf_fini(&m->data);
	free(m);
}

static unsigned differing(const struct moving *m, const struct moving_stored *stored)
{
	struct str data = buf_str(&m->data);
	struct user_datum d;
	unsigned n = 0;

	while (user_datum_take(&data, &d))
		n += !moving_has(m->account, &d, stored);
	return n;
}

/* Messages that came are for whoever is there. */
static void wake_sessions(struct account *a)
{
	list_for_each(pos, &a->sessions) {
		struct session *s = container_of(pos, struct session, in_account);

		if (session_takes_messages(s)) {
			offline_send(s);
			return;
		}
	}
}

static void compare(void *moving);

static void put(struct moving *m, const struct moving_stored *stored)
{
	struct cause cause = cause_of_server(m->router);
	struct change *c = change_begin_for(&cause);
	struct str data = buf_str(&m->data);
	struct user_datum d;

	while (user_datum_take(&data, &d))
		if (!moving_has(m->account, &d, stored))
			moving_put(c, m->account, &d);
	change_commit(&c);
	m->put = true;
	if (account_settled(m->account))
		compare(m);
	else
		account_when_settled(m->account, compare, m);
}

static void decide(struct moving *m, const struct moving_stored *stored)
{
	unsigned n = differing(m, stored);
	char text[256];
	const char *why = m->put ? NULL : moving_judge(m->account, buf_str(&m->data), stored, text);

	if (why != NULL) {
		finish(m, EXIT_FAILED, MOVE_FAILED, why);
	} else if (m->put && n > 0) {
		finish(m, EXIT_TEMPORARY, MOVE_FAILED, "the change could not be stored; the log of routerd says why");
	} else if (m->put) {
		wake_sessions(m->account);
		finish(m, EXIT_OK, MOVE_UPDATED, "");
	} else if (n == 0 || m->dry) {
		finish(m, EXIT_OK, n == 0 ? MOVE_UNCHANGED : MOVE_UPDATED, "");
	} else {
		put(m, stored);
	}
}

static void on_stored(void *arg, int rc, struct store_rows *rows)
{
	struct moving *m = arg;
	struct moving_stored stored;

	if (rc != 0) {
		finish(m, EXIT_TEMPORARY, MOVE_FAILED, bh_strerror(rc));
		return;
	}
	moving_take(&stored, rows);
	decide(m, &stored);
	moving_stored_fini(&stored);
}

/* With what is there.  The account is settled. */
static void compare(void *moving)
{
	struct moving *m = moving;
	struct store_tx *tx;

	if (m->account->state == ACCOUNT_NOWHERE) {
		finish(m, EXIT_NOT_FOUND, MOVE_FAILED, "there is no such account");
	} else if (m->account->state != ACCOUNT_THERE) {
		finish(m, EXIT_TEMPORARY, MOVE_FAILED, "nobody can say now whether there is such an account");
	} else {
		tx = store_begin(m->router->store);
		moving_ask(tx, m->account->jid.bare);
		store_ask(tx, on_stored, m);
	}
}

static int refuse(const struct bus_event *event, const char *why)
{
	struct msg_moved answer = {.code = EXIT_USAGE, .outcome = MOVE_FAILED, .text = str_of(why)};

	(void)LINK_SEND(event->link, MOVED, moved, event->frame->subject, &answer);
	return 0;
}

static bool well_formed(struct str data)
{
	struct user_datum d;

	while (user_datum_take(&data, &d))
		if (d.kind < USER_CONTACT || d.kind > USER_LAST)
			return false;
	return data.len == 0;
}

int on_user_put(const struct bus_event *event)
{
	struct router *r = front_of(event)->router;
	struct msg_user_put in;
	struct account *a;
	struct moving *m;
	struct jid jid;

	if (bus_get_user_put(event->frame->body, &in) != 0 || !well_formed(in.data))
		return BH_EPROTO;
	if (jid_check(in.account, &jid) != 0 || jid.local.p == NULL || jid.resource.p != NULL)
		return refuse(event, "that is no address of a user (user@domain)");
	a = account_of_ours(r, jid.bare);
	if (a == NULL)
		return refuse(event, "its domain is not served here");
	m = bh_alloc(sizeof *m);
	m->router = r;
	m->asked = request_open(r, event->owner, event->frame->subject, NULL);
	m->account = a;
	m->dry = in.dry != 0;
	buf_put_str(&m->data, in.data);
	account_hold(a);
	/* An answer that there is none may be older than the account. */
	if (a->state == ACCOUNT_NOWHERE)
		account_load(a);
	if (buf_failed(&m->data))
		finish(m, EXIT_TEMPORARY, MOVE_FAILED, "out of memory");
	else if (account_settled(a))
		compare(m);
	else
		account_when_settled(a, compare, m);
	return 0;
}
