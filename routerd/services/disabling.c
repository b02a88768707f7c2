/* Disabled accounts: made, unmade, counted, listed. */
#include "routerd/services/disabling.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/exits.h"
#include "routerd/account.h"
#include "routerd/requests.h"
#include "routerd/services/command_parts.h"
#include "routerd/session.h"

static const char unasked[] = "authd cannot be asked at the moment";

/* ---- one after the other ------------------------------------------------------------------------ */

/* Accounts that authd has been told of, and has not answered about. */
struct deed {
	struct command_task *task;
	unsigned waiting;
	bool failed;
};

static void end_when_all_is_said(struct deed *d)
{
	if (d->waiting > 0)
		return;
	command_finish(&d->task, d->failed ? "it was not done for all of them: look at the list" : NULL);
	free(d);
}

static void on_done(void *arg, const struct reply *reply)
{
	struct deed *d = arg;

	d->failed |= reply->lost || reply->code != EXIT_OK;
	d->waiting--;
	end_when_all_is_said(d);
}

static void tell_authd(struct router *r, struct deed *d, struct str account, bool disabled)
{
	const struct msg_account_disable m = {.account = account, .disabled = disabled};

	if (REQUEST_AUTHD(r, ACCOUNT_DISABLE, account_disable, &m, on_done, d) != 0)
		d->waiting++;
	else
		d->failed = true;
}

static bool names_own(struct command_call *call)
{
	struct named_account each = {.at = NULL};

	while (command_next_account(call, "accountjids", &each))
		if (str_eq(each.jid.bare, call->transit->sender->account->jid.bare))
			return true;
	return false;
}

/* All are looked at before the first is told of. */
static enum command_end set_disabled(struct command_call *call, bool disabled)
{
	enum command_end loaded = command_load_accounts(call, "accountjids");
	struct named_account each = {.at = NULL};
	struct router *r = call->transit->cause.router;
	struct deed *d;

	if (loaded != COMMAND_DONE)
		return loaded;
	if (disabled && names_own(call))
		return command_bad(call, "nobody can disable the account that he uses");
	while (command_next_account(call, "accountjids", &each))
		command_note(call, each.jid.bare);
	d = bh_alloc(sizeof *d);
	d->task = command_later(call);
	for (each = (struct named_account){.at = NULL}; command_next_account(call, "accountjids", &each);)
		tell_authd(r, d, each.jid.bare, disabled);
	end_when_all_is_said(d);
	return COMMAND_LATER;
}

enum command_end disabling_disable(struct command_call *call)
{
	return set_disabled(call, true);
}

enum command_end disabling_enable(struct command_call *call)
{
	return set_disabled(call, false);
}

/* ---- all of the domain --------------------------------------------------------------------------- */

struct survey {
	struct command_task *task;
	bool listed;   /* in the answer; else counted */
	unsigned left; /* to be listed */
	size_t n;
};

static void on_row(void *arg, const struct msg_account_row *row)
{
	struct survey *s = arg;

	if (!str_is(row->state, "disabled"))
		return;
	s->n++;
	if (s->left == 0)
		return;
	s->left--;
	form_value(command_call_of(s->task)->out, row->account);
}

static void on_all(void *arg, const struct reply *reply)
{
	struct survey *s = arg;
	struct command_call *call = command_call_of(s->task);

	if (s->listed)
		form_answer_end(call->out);
	else
		command_number(call, "disabledusersnum", "The number of disabled users", s->n);
	(void)command_done(call);
	command_finish(&s->task, reply->lost || reply->code != EXIT_OK ? unasked : NULL);
	free(s);
}

static enum command_end look(struct command_call *call, bool listed, unsigned most)
{
	const struct msg_account_list m = {.domain = call->domain};
	struct router *r = call->transit->cause.router;
	struct bus_peer *authd = requests_authd(r);
	struct survey *s = bh_alloc(sizeof *s);
	uint64_t id = request_ask(r, authd, on_all, s);

	*s = (struct survey){.task = command_later(call), .listed = listed, .left = most};
	command_answer(command_call_of(s->task));
	if (listed)
		form_answer_begin(command_call_of(s->task)->out, "disableduserjids", "The list of all disabled users");
	if (id == 0) {
		on_all(s, &(struct reply){.lost = true});
		return COMMAND_LATER;
	}
	request_find(r, id, authd)->row = on_row;
	(void)LINK_SEND(authd->link, ACCOUNT_LIST, account_list, id, &m);
	return COMMAND_LATER;
}

enum command_end disabling_number(struct command_call *call)
{
	return look(call, false, 0);
}

enum command_end disabling_list(struct command_call *call)
{
	unsigned most = command_most_items(call);

	return most > 0 ? look(call, true, most) : command_bad(call, "max_items is a number, or \"none\"");
}
