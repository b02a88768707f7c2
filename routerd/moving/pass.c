/* Keys go to authd and come from it: routerd passes them on, and keeps none. */
#include "base/err.h"
#include "base/exits.h"
#include "bus/codes.h"
#include "bus/ctl_answer.h"
#include "routerd/front.h"
#include "routerd/moving/moving.h"
#include "routerd/requests.h"

/* An authd, and the number under which it is asked; 0 after an END that says why not. */
static uint64_t begin(const struct bus_event *event, struct bus_peer **authd)
{
	struct router *r = front_of(event)->router;
	uint64_t id = 0;

	*authd = requests_authd(r);
	if (*authd != NULL)
		id = request_open(r, event->owner, event->frame->subject, *authd);
	if (id == 0)
		ctl_end(event->link, event->frame->subject, EXIT_TEMPORARY, "authd is not running");
	return id;
}

int on_account_move(const struct bus_event *event)
{
	struct msg_account_move m;
	struct bus_peer *authd;
	uint64_t id;

	if (bus_get_account_move(event->frame->body, &m) != 0)
		return BH_EPROTO;
	id = begin(event, &authd);
	if (id != 0)
		(void)LINK_SEND(authd->link, ACCOUNT_MOVE, account_move, id, &m);
	return 0;
}

int on_keys_get(const struct bus_event *event)
{
	struct msg_keys_get m;
	struct bus_peer *authd;
	uint64_t id;

	if (bus_get_keys_get(event->frame->body, &m) != 0)
		return BH_EPROTO;
	id = begin(event, &authd);
	if (id != 0)
		(void)LINK_SEND(authd->link, KEYS_GET, keys_get, id, &m);
	return 0;
}

/* The administrator's request that this answers; NULL where he has gone. */
static struct request *asked(const struct bus_event *event)
{
	struct request *q = request_find(front_of(event)->router, event->frame->subject, event->owner);

	return q != NULL && q->asker != NULL ? q : NULL;
}

int on_moved(const struct bus_event *event)
{
	struct request *q = asked(event);
	struct msg_moved m;

	if (bus_get_moved(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (q == NULL)
		return 0;
	(void)LINK_SEND(q->asker->link, MOVED, moved, q->subject, &m);
	request_close(front_of(event)->router, q);
	return 0;
}

int on_keys(const struct bus_event *event)
{
	struct request *q = asked(event);
	struct msg_keys m;

	if (bus_get_keys(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (q == NULL)
		return 0;
	(void)LINK_SEND(q->asker->link, KEYS, keys, q->subject, &m);
	request_close(front_of(event)->router, q);
	return 0;
}
