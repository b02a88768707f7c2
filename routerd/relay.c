/* From daemon to daemon of a role. */
#include "routerd/relay.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/exits.h"
#include "bus/ctl_answer.h"
#include "routerd/domains.h"
#include "routerd/front.h"
#include "routerd/requests.h"

/* The verbs that are passed on as they are. */
static const struct relayed {
	const char *verb;
	unsigned role;
	bool all; /* of them are asked; else one */
	bool writes; /* verb.h */
} relayed[] = {
	{"s2s.list", ROLE_S2S, true, false},
	{"s2s.show", ROLE_S2S, true, false},
	{"s2s.close", ROLE_S2S, true, true},
	{"s2s.test", ROLE_S2S, false, true},
	{"dns.flush", ROLE_S2S, true, true},
	{"cert.used", ROLES_FRONT, true, false},
	{"ldap.status", ROLE_DIR, false, false},
	{"ldap.test", ROLE_DIR, false, false},
	{"ldap.explain", ROLE_DIR, false, false},
	{"ldap.diff", ROLE_DIR, false, false},
	{"ldap.sync", ROLE_DIR, false, true},
};

struct relaying {
	struct bus_peer *asker;
	uint64_t subject; /* its own number for it */
	struct buf args;
	char verb[64];
	unsigned role;
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

/* The next one after that of its role; false: there is none. */
static bool ask_next(struct router *r, struct relaying *relaying, struct bus_peer *after)
{
	struct bus_peer *next = bus_server_next(r->server, relaying->role, after);
	struct msg_ctl_request m = {.verb = str_of(relaying->verb), .args = buf_str(&relaying->args)};
	uint64_t id = next != NULL ? request_open(r, relaying->asker, relaying->subject, next) : 0;

	if (id == 0)
		return false;
	request_find(r, id, next)->relaying = relaying;
	(void)LINK_SEND(next->link, CTL_REQUEST, ctl_request, id, &m);
	return true;
}

static struct relaying *make(const struct relay_ask *ask, unsigned role, bool all)
{
	struct relaying *relaying = bh_alloc(sizeof *relaying);

	relaying->asker = ask->asker;
	relaying->subject = ask->subject;
	snprintf(relaying->verb, sizeof relaying->verb, "%.*s", STR_FMT(ask->verb));
	buf_put_str(&relaying->args, ask->args);
	relaying->role = role;
	relaying->all = all;
	return relaying;
}

/* The end of it. */
static void say(struct relaying **relaying, unsigned code, struct str text)
{
	ctl_end((*relaying)->asker->link, (*relaying)->subject, code, "%.*s", STR_FMT(text));
	relaying_free(relaying);
}

/* Asks the first of the role. */
static void start(struct router *r, struct relaying *relaying)
{
	char text[64];

	if (ask_next(r, relaying, NULL))
		return;
	snprintf(text, sizeof text, "no %s is running",
		relaying->role == ROLES_FRONT ? "front end" : bus_role_name(relaying->role));
	say(&relaying, EXIT_TEMPORARY, str_of(text));
}

void relay_to_directory(struct router *r, const struct relay_ask *ask)
{
	if (domains_have_directories(&r->domains))
		start(r, make(ask, ROLE_DIR, false));
	else
		ctl_end(ask->asker->link, ask->subject, EXIT_NOT_FOUND, "no domain has a directory");
}

static const struct relayed *find_verb(struct str verb)
{
	for (size_t i = 0; i < sizeof relayed / sizeof relayed[0]; i++)
		if (str_is(verb, relayed[i].verb))
			return &relayed[i];
	return NULL;
}

bool relay_knows(struct str verb, bool *writes)
{
	const struct relayed *known = find_verb(verb);

	*writes = known != NULL && known->writes;
	return known != NULL;
}

void relay_verb(struct router *r, const struct relay_ask *ask)
{
	const struct relayed *known = find_verb(ask->verb);

	BUG_ON(known == NULL); /* relay_knows() was asked */
	if (known->role == ROLE_DIR)
		relay_to_directory(r, ask);
	else
		start(r, make(ask, known->role, known->all));
}

void relay_to_directory_after(struct router *r, struct request *first, const struct relay_ask *ask)
{
	if (!domains_have_directories(&r->domains))
		return;
	first->relaying = make(ask, ROLE_DIR, false);
	first->relaying->columns = true;
}

/* The request is over; what was relayed by it is not. */
static struct relaying *take_over(struct router *r, struct request *q)
{
	struct relaying *relaying = q->relaying;

	q->relaying = NULL;
	request_close(r, q);
	return relaying;
}

void relay_go_on(struct router *r, struct request *first, unsigned code, struct str text)
{
	struct relaying *relaying = take_over(r, first);

	if (code == EXIT_OK)
		start(r, relaying);
	else
		say(&relaying, code, text);
}

static struct request *find(const struct bus_event *event)
{
	struct request *q = request_find(front_of(event)->router, event->frame->subject, event->owner);

	if (q == NULL || q->relaying == NULL)
		return NULL;
	request_heard(q);
	return q;
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
	struct msg_ctl_end m;

	if (bus_get_ctl_end(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (q == NULL)
		return 0;
	relaying = take_over(r, q);
	relaying->found |= m.code == EXIT_OK;
	/* One may have nothing of what is asked after; but what failed at one has failed. */
	if (relaying->all && (m.code == EXIT_OK || m.code == EXIT_NOT_FOUND) && ask_next(r, relaying, event->owner))
		return 0;
	if (relaying->found && m.code == EXIT_NOT_FOUND)
		say(&relaying, EXIT_OK, STR_NONE);
	else
		say(&relaying, m.code, m.text);
	return 0;
}
