/* user add, user passwd. */
#include <stdio.h>
#include <string.h>

#include "bus/codes.h"
#include "ctl/ctl.h"
#include "ctl/password.h"
#include "ctl/query.h"
#include "ctl/request.h"

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
	struct query q;
	int rc = query_open(call->ctl, &q, &routerd);

	if (rc != EXIT_OK)
		return rc;
	rc = routerd_check_writer(routerd);
	if (rc == EXIT_OK)
		rc = send_password(call, routerd, add);
	rc = query_wait(&q, &routerd, rc);
	result_fini(&q.result);
	if (rc != EXIT_OK)
		return rc;
	if (q.code != EXIT_OK)
		return complain(q.code, "%s", q.text);
	if (q.text[0] == '\0')
		snprintf(q.text, sizeof q.text, "%s: %s", call->argv[0], add ? "added" : "the password was changed");
	tell(call->ctl, q.text);
	return EXIT_OK;
}
