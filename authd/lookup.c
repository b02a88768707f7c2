/* From our own store at once, from a directory later. */
#include "authd/lookup.h"

#include <stdlib.h>

#include "authd/authd.h"
#include "base/alloc.h"
#include "base/err.h"
#include "base/secret.h"
#include "bus/codes.h"
#include "daemon/log.h"
#include "xmpp/jid.h"

struct lookup {
	struct list link; /* in authd.lookups */
	struct authd *authd;
	uint64_t subject, link_number;
	struct dirjob *job;
};

static void answer(const struct authd *a, uint64_t subject, const struct msg_account_found *m)
{
	struct link *link = bus_client_link(a->client);

	if (link != NULL)
		(void)LINK_SEND(link, ACCOUNT_FOUND, account_found, subject, m);
}

/* ---- of ours ------------------------------------------------------------------------------- */

static uint8_t state_of(int rc, const struct account_record *record)
{
	if (rc == BH_ENOTFOUND)
		return ACCOUNT_ABSENT;
	if (rc != 0)
		return ACCOUNT_UNREADABLE;
	return record->disabled ? ACCOUNT_DISABLED : ACCOUNT_ACTIVE;
}

static void look_up(struct authd *a, struct str account, uint64_t subject)
{
	struct account_record record = {0};
	struct msg_account_found m = {.state = state_of(accounts_find(a->accounts, account, &record), &record)};

	m.generation = record.generation;
	m.reason = record.reason[0] != '\0' ? str_of(record.reason) : STR_NONE;
	answer(a, subject, &m);
	secret_wipe(&record, sizeof record);
}

/* ---- of a directory's ---------------------------------------------------------------------- */

static uint8_t directory_state(const struct dirjob_result *r)
{
	if (r->rc != 0)
		return ACCOUNT_UNREADABLE;
	if (!r->found)
		return ACCOUNT_ABSENT;
	return r->locked ? ACCOUNT_DISABLED : ACCOUNT_ACTIVE;
}

static void finish(struct lookup *l, uint8_t state)
{
	const struct msg_account_found m = {.state = state};

	if (l->link_number == l->authd->link_number)
		answer(l->authd, l->subject, &m);
	list_remove(&l->link);
	free(l);
}

static void on_answered(void *arg, const struct dirjob_result *r)
{
	if (r->rc != 0)
		log_warn("directory-failed", "reason=%s", LOG_TEXT(r->why));
	finish(arg, directory_state(r));
}

static void ask(struct authd *a, const char *directory, struct str local, uint64_t subject)
{
	struct lookup *l = bh_alloc(sizeof *l);
	const struct dirjob_order order = {.kind = DIRJOB_FIND, .name = local, .done = on_answered, .arg = l};

	*l = (struct lookup){.authd = a, .subject = subject, .link_number = a->link_number};
	list_append(&a->lookups, &l->link);
	if (directories_ask(a->directories, directory, &order, &l->job) != 0)
		finish(l, ACCOUNT_UNREADABLE);
}

void lookups_abandon(struct authd *a)
{
	while (!list_empty(&a->lookups)) {
		struct lookup *l = container_of(a->lookups.next, struct lookup, link);

		dirjob_cancel(&l->job);
		finish(l, ACCOUNT_UNREADABLE);
	}
}

int on_account_lookup(const struct bus_event *event)
{
	struct authd *a = event->owner;
	struct msg_account_lookup asked;
	const char *directory;
	struct jid jid;

	if (bus_get_account_lookup(event->frame->body, &asked) < 0)
		return BH_EPROTO;
	directory = jid_check(asked.account, &jid) == 0 ? policy_directory(&a->policy, jid.domain) : NULL;
	if (directory != NULL)
		ask(a, directory, jid.local, event->frame->subject);
	else
		look_up(a, asked.account, event->frame->subject);
	return 0;
}
