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
} relayed[] = {
	{"s2s.list", ROLE_S2S, true},
	{"s2s.show", ROLE_S2S, true},
	{"s2s.close", ROLE_S2S, true},
	{"s2s.test", ROLE_S2S, false},
	{"ldap.status", ROLE_DIR, false},
	{"ldap.test", ROLE_DIR, false},
	{"ldap.explain", ROLE_DIR, false},
	{"ldap.diff", ROLE_DIR, false},
	{"ldap.sync", ROLE_DIR, false},
};

struct relaying {
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
static bool ask_next(struct router *r, const struct request *q, struct bus_peer *after, struct relaying *relaying)
{
	struct bus_peer *next = bus_server_next(r->server, relaying->role, after);
	struct msg_ctl_request m = {.verb = str_of(relaying->verb), .args = buf_str(&relaying->args)};
	uint64_t id = next != NULL ? request_open(r, q->asker, q->subject, next) : 0;

	if (id == 0)
		return false;
	request_find(r, id, next)->relaying = relaying;
	(void)LINK_SEND(next->link, CTL_REQUEST, ctl_request, id, &m);
	return true;
}

static struct relaying *make(const struct relay_ask *ask, unsigned role, bool all)
{
	struct relaying *relaying = bh_alloc(sizeof *relaying);

	snprintf(relaying->verb, sizeof relaying->verb, "%.*s", STR_FMT(ask->verb));
	buf_put_str(&relaying->args, ask->args);
	relaying->role = role;
	relaying->all = all;
	return relaying;
}

static void say_nobody(const struct request *q, const struct relaying *relaying)
{
	ctl_end(q->asker->link, q->subject, EXIT_TEMPORARY, "no %s is running", bus_role_name(relaying->role));
}

static void begin(struct router *r, const struct relay_ask *ask, unsigned role, bool all)
{
	const struct request asked = {.asker = ask->asker, .subject = ask->subject};
	struct relaying *relaying = make(ask, role, all);

	if (ask_next(r, &asked, NULL, relaying))
		return;
	say_nobody(&asked, relaying);
	relaying_free(&relaying);
}

void relay_to_directory(struct router *r, const struct relay_ask *ask)
{
	if (domains_have_directories(&r->domains))
		begin(r, ask, ROLE_DIR, false);
	else
		ctl_end(ask->asker->link, ask->subject, EXIT_NOT_FOUND, "no domain has a directory");
}

bool relay_verb(struct router *r, const struct relay_ask *ask)
{
	for (size_t i = 0; i < sizeof relayed / sizeof relayed[0]; i++) {
		if (!str_is(ask->verb, relayed[i].verb))
			continue;
		if (relayed[i].role == ROLE_DIR)
			relay_to_directory(r, ask);
		else
			begin(r, ask, relayed[i].role, relayed[i].all);
		return true;
	}
	return false;
}

void relay_to_directory_after(struct router *r, struct request *first, const struct relay_ask *ask)
{
	if (!domains_have_directories(&r->domains))
		return;
	first->relaying = make(ask, ROLE_DIR, false);
	first->relaying->columns = true;
}

void relay_go_on(struct router *r, struct request *first, unsigned code, struct str text)
{
	const struct request asked = *first;
	struct relaying *relaying = first->relaying;

	first->relaying = NULL;
	request_close(r, first);
	if (code == EXIT_OK && ask_next(r, &asked, NULL, relaying))
		return;
	if (code == EXIT_OK)
		say_nobody(&asked, relaying);
	else
		ctl_end(asked.asker->link, asked.subject, code, "%.*s", STR_FMT(text));
	relaying_free(&relaying);
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
	struct request *q = find(event), asked;
	struct relaying *relaying;
	struct msg_ctl_end m;

	if (bus_get_ctl_end(event->frame->body, &m) != 0)
		return BH_EPROTO;
	if (q == NULL)
		return 0;
	asked = *q;
	relaying = q->relaying;
	q->relaying = NULL;
	request_close(r, q);
	relaying->found |= m.code == EXIT_OK;
	if (relaying->all && ask_next(r, &asked, event->owner, relaying))
		return 0;
	if (relaying->found && m.code != EXIT_OK)
		m = (struct msg_ctl_end){.code = EXIT_OK};
	ctl_end(asked.asker->link, asked.subject, m.code, "%.*s", STR_FMT(m.text));
	relaying_free(&relaying);
	return 0;
}
