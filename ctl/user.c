/* user add, user passwd, user auth-test: what goes with a password. */
#include <stdio.h>
#include <string.h>

#include "bus/codes.h"
#include "ctl/ctl.h"
#include "ctl/password.h"
#include "ctl/query.h"
#include "ctl/request.h"

/* A command, how it sends its password, and what was done where routerd does not say it. */
struct deed {
	int (*send)(struct routerd *routerd, const struct call *call, struct str password);
	bool is_new; /* the password */
	const char *done;
};

static int put(struct routerd *routerd, const struct call *call, struct str password, unsigned how)
{
	return routerd_put_account(routerd, 1, &(struct msg_account_put){
		.account = str_of(call->argv[0]), .how = (uint8_t)how, .password = password});
}

static int send_added(struct routerd *routerd, const struct call *call, struct str password)
{
	return put(routerd, call, password, ACCOUNT_ADD);
}

static int send_changed(struct routerd *routerd, const struct call *call, struct str password)
{
	return put(routerd, call, password, ACCOUNT_PASSWORD);
}

static int send_tried(struct routerd *routerd, const struct call *call, struct str password)
{
	return routerd_test_account(routerd, 1, &(struct msg_auth_test){str_of(call->argv[0]), password});
}

static int send_password(const struct call *call, struct routerd *routerd, const struct deed *deed)
{
	struct password password = {.len = 0};
	int rc = password_read(call->ctl, call->argv[0], deed->is_new, &password);

	if (rc == EXIT_OK)
		rc = deed->send(routerd, call, str_make(password.text, password.len));
	password_wipe(&password);
	return rc;
}

/* Connects first: nobody should type a password for a server that is not there. */
static int run(const struct call *call, const struct deed *deed)
{
	struct routerd *routerd = NULL;
	struct query q;
	int rc = query_open(call->ctl, &q, &routerd);

	if (rc != EXIT_OK)
		return rc;
	rc = routerd_check_writer(routerd);
	if (rc == EXIT_OK)
		rc = send_password(call, routerd, deed);
	rc = query_wait(&q, &routerd, rc);
	result_fini(&q.result);
	if (rc != EXIT_OK)
		return rc;
	if (q.code != EXIT_OK)
		return complain(q.code, "%s", q.text);
	if (q.text[0] == '\0')
		snprintf(q.text, sizeof q.text, "%s: %s", call->argv[0], deed->done);
	tell(call->ctl, q.text);
	return EXIT_OK;
}

int run_user_add(const struct call *call)
{
	return run(call, &(struct deed){send_added, true, "added"});
}

int run_user_passwd(const struct call *call)
{
	return run(call, &(struct deed){send_changed, true, "the password was changed"});
}

int run_user_auth_test(const struct call *call)
{
	return run(call, &(struct deed){send_tried, false, ""});
}
