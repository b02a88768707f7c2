/* From s2sd to s2sd. */
#include "routerd/relay.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/exits.h"
#include "bus/ctl_answer.h"
#include "routerd/front.h"
#include "routerd/requests.h"

struct relaying {
	struct buf args;
	char verb[64];
	bool all, columns, found; /* of one of them */
};

void relaying_free(struct relaying **relaying)
{
	struct relaying *gone = *relaying;

	*relaying = NULL;
	if (gone == NULL)
		return;
	buf_fini(&gone->args);
	free(gone);
}

/* false: there is none after that one. */
static bool ask_next(struct router *r, struct bus_peer *asker, uint64_t subject, struct bus_peer *after,
	struct relaying *relaying)
{
	struct bus_peer *next = bus_server_next(r->server, ROLE_S2S, after);
	struct msg_ctl_request m = {.verb = str_of(relaying->verb), .args = buf_str(&relaying->args)};
	uint64_t id = next != NULL ? request_open(r, asker, subject, next) : 0;

	if (id == 0)
		return false;
	request_find(r, id, next)->relaying = relaying;
	(void)LINK_SEND(next->link, CTL_REQUEST, ctl_request, id, &m);
	return true;
}

void relay_begin(struct router *r, const struct relay_ask *ask)
{
	struct relaying *relaying = bh_alloc(sizeof *relaying);

	snprintf(relaying->verb, sizeof relaying->verb, "%s", ask->verb);
	buf_put_str(&relaying->args, ask->args);
	relaying->all = ask->all;
	if (ask_next(r, ask->asker, ask->subject, NULL, relaying))
		return;
	relaying_free(&relaying);
	ctl_end(ask->asker->link, ask->subject, EXIT_TEMPORARY, "no s2sd is running");
}

static struct request *find(const struct bus_event *event)
{
	struct request *q = request_find(front_of(event)->router, event->frame->subject, event->owner);

	return q != NULL && q->relaying != NULL ? q : NULL;
}

int on_ctl_columns(const struct bus_event *event)
{
	struct request *q = find(event);
	struct msg_ctl_columns m;

	if (bus_get_ctl_columns(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (q == NULL || q->relaying->columns)
		return 0;
	q->relaying->columns = true;
	(void)LINK_SEND(q->asker->link, CTL_COLUMNS, ctl_columns, q->subject, &m);
	return 0;
}

int on_ctl_row(const struct bus_event *event)
{
	struct request *q = find(event);
	struct msg_ctl_row m;

	if (bus_get_ctl_row(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (q != NULL)
		(void)LINK_SEND(q->asker->link, CTL_ROW, ctl_row, q->subject, &m);
	return 0;
}

int on_ctl_end(const struct bus_event *event)
{
	struct router *r = front_of(event)->router;
	struct request *q = find(event);
	struct relaying *relaying;
	struct bus_peer *asker;
	struct msg_ctl_end m;
	uint64_t subject;

	if (bus_get_ctl_end(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (q == NULL)
		return 0;
	relaying = q->relaying;
	asker = q->asker;
	subject = q->subject;
	q->relaying = NULL;
	request_close(r, q);
	relaying->found |= m.code == EXIT_OK;
	if (relaying->all && ask_next(r, asker, subject, event->owner, relaying))
		return 0;
	ctl_end(asker->link, subject, relaying->found ? EXIT_OK : m.code, "%.*s",
		relaying->found && m.code != EXIT_OK ? 0 : (int)m.text.len, m.text.p != NULL ? m.text.p : "");
	relaying_free(&relaying);
	return 0;
}
