/* What commands about accounts have in common. */
#include "routerd/services/command_parts.h"

#include <stdio.h>
#include <stdlib.h>

#include "routerd/account.h"
#include "routerd/keep.h"
#include "xmpp/names.h"

enum { ACCOUNTS = 100 };

void command_note(struct command_call *call, struct str what)
{
	if (call->about->len > 0)
		buf_put_byte(call->about, ' ');
	buf_put_str(call->about, what);
}

enum command_end command_bad(struct command_call *call, const char *problem)
{
	call->problem = problem;
	return COMMAND_BAD;
}

void command_answer(struct command_call *call)
{
	form_begin(call->out, "result", NS_ADMIN);
}

enum command_end command_done(struct command_call *call)
{
	form_end(call->out);
	return COMMAND_DONE;
}

void command_number(struct command_call *call, const char *var, const char *label, size_t n)
{
	char text[24];

	snprintf(text, sizeof text, "%zu", n);
	form_answer_begin(call->out, var, label);
	form_value(call->out, str_of(text));
	form_answer_end(call->out);
}

/* ---- addresses that were filled in ------------------------------------------------------------ */

/* The next account of the domain in that field.  false: there is none, or it is none, and then a problem. */
bool command_next_account(struct command_call *call, const char *var, struct named_account *a)
{
	struct str value;

	if (!form_next(call->form, var, &a->at, &value)) {
		if (a->n == 0)
			call->problem = "an account is needed";
		return false;
	}
	if (jid_prepare(value, a->text, &a->jid) != 0 || a->jid.local.p == NULL ||
		!str_eq(a->jid.domain, call->domain))
		call->problem = "only accounts of the domain can be named";
	else if (++a->n > ACCOUNTS)
		call->problem = "too many accounts at a time";
	return call->problem == NULL;
}

static void on_account_ready(void *arg)
{
	struct kept *k = arg;
	struct transit t;

	kept_restore(k, &t);
	if (t.sender != NULL)
		(void)services_answer(&t, SERVICE_SERVER);
	kept_end(&k);
}

/* All of them are in memory; or one is not, and the command is carried out when it is. */
enum command_end command_load_accounts(struct command_call *call, const char *var)
{
	struct named_account each = {.at = NULL};

	while (command_next_account(call, var, &each)) {
		struct account *a = account_get(call->transit->cause.router, each.jid.bare);

		if (a != NULL && !account_ready(a)) {
			account_when_ready(a, on_account_ready, transit_keep(call->transit));
			return COMMAND_WAIT;
		}
		if (a == NULL || a->state != ACCOUNT_THERE)
			return command_bad(call, "there is no such account");
	}
	return call->problem != NULL ? COMMAND_BAD : COMMAND_DONE;
}

/* "none" is as many as we say at all.  0: it is no number. */
unsigned command_most_items(const struct command_call *call)
{
	const struct tree_node *at = NULL;
	char digits[12], *end;
	struct str value;
	unsigned long n;

	if (!form_next(call->form, "max_items", &at, &value) || str_is(value, "none"))
		return COMMAND_LISTED;
	snprintf(digits, sizeof digits, "%.*s", STR_FMT(value));
	n = strtoul(digits, &end, 10);
	if (*end != '\0')
		return 0;
	return n < COMMAND_LISTED ? (unsigned)n : COMMAND_LISTED;
}
