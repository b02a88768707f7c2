/* user add, user passwd. */
#include <stdio.h>
#include <string.h>

#include "bus/codes.h"
#include "ctl/ctl.h"
#include "ctl/password.h"
#include "ctl/request.h"

struct put {
	bool ended;
	int code;
	char text[1025];
};

static void on_end(void *arg, uint64_t number, const struct msg_ctl_end *end)
{
	struct put *put = arg;

	(void)number;
	put->ended = true;
	put->code = end->code;
	snprintf(put->text, sizeof put->text, "%.*s", STR_FMT(end->text));
}

static const struct answer_handlers handlers = {.end = on_end};

static int send_password(const struct call *call, struct routerd *routerd, bool add)
{
	struct password password = {.len = 0};
	struct msg_account_put m = {
		.account = str_of(call->argv[0]),
		.how = add ? ACCOUNT_ADD : ACCOUNT_PASSWORD,
	};
	int rc = password_read(call->ctl, call->argv[0], &password);

	m.password = str_make(password.text, password.len);
	if (rc == EXIT_OK)
		rc = routerd_put_account(routerd, 1, &m);
	password_wipe(&password);
	return rc;
}

/* Connects first: nobody should type a password for a server that is not there. */
int run_user_put(const struct call *call)
{
	bool add = strcmp(call->command->name, "user add") == 0;
	struct routerd *routerd = NULL;
	struct put put = {.ended = false};
	int rc = routerd_open(call->ctl, &handlers, &put, &routerd);

	if (rc != EXIT_OK)
		return rc;
	rc = routerd_check_writer(routerd);
	if (rc == EXIT_OK)
		rc = send_password(call, routerd, add);
	while (rc == EXIT_OK && !put.ended)
		rc = routerd_wait(routerd);
	routerd_close(&routerd);
	if (!put.ended)
		return rc;
	if (put.code != EXIT_OK)
		return complain(put.code, "%s", put.text);
	if (put.text[0] == '\0')
		snprintf(put.text, sizeof put.text, "%s: %s", call->argv[0],
			add ? "added" : "the password was changed");
	tell(call->ctl, put.text);
	return EXIT_OK;
}
