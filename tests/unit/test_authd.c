/* authd over its link: this test is routerd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "authd/authd.h"
#include "authd/scram.h"
#include "base/alloc.h"
#include "base/exits.h"
#include "bus/server.h"
#include "bus/textlist.h"
#include "daemon/reload.h"
#include "xmpp/error.h"

static uv_loop_t loop;
static char dir[64];
static struct daemon authd;
static struct bus_server *server;
static struct bus_peer *peer;

static struct {
	unsigned replies, rows, changes, mechanisms, verdicts, stats;
	uint16_t code;
	char text[512], row[128], last_row[128], state[32], changed[128], names[256];
	bool rows_in_order;
	struct msg_account_changed change;
	struct msg_auth_verdict verdict;
	struct msg_account_found found;
	unsigned founds;
	uint64_t subject;
} heard;

static void copy(char *out, size_t size, struct str s)
{
	assert_true(s.len < size);
	memcpy(out, s.p != NULL ? s.p : "", s.len);
	out[s.len] = '\0';
}

/* This test is the skeleton, too: these stand in the place of lib/daemon/daemon.c and reload.c. */
void daemon_restart(struct daemon *d)
{
	(void)d;
}

void daemon_stopped(struct daemon *d)
{
	(void)d;
}

int daemon_on_reload(const struct bus_event *event)
{
	(void)event;
	return 0;
}

bool reload_ask(struct link *link)
{
	return link != NULL;
}

void daemon_fail(struct daemon *d, const char *fmt, ...)
{
	(void)d;
	fail_msg("daemon_fail: %s", fmt);
}

/* ---- what authd sends ------------------------------------------------------------------- */

static int on_mechanisms(const struct bus_event *event)
{
	struct msg_mechanisms m;

	assert_int_equal(bus_get_mechanisms(event->frame->body, &m), 0);
	copy(heard.names, sizeof(heard.names), m.mechanisms);
	heard.mechanisms++;
	return 0;
}

static int on_reply(const struct bus_event *event)
{
	struct msg_account_reply m;

	assert_int_equal(bus_get_account_reply(event->frame->body, &m), 0);
	heard.replies++;
	heard.code = m.code;
	heard.subject = event->frame->subject;
	copy(heard.text, sizeof(heard.text), m.text);
	return 0;
}

static int on_row(const struct bus_event *event)
{
	struct msg_account_row m;

	assert_int_equal(bus_get_account_row(event->frame->body, &m), 0);
	memcpy(heard.last_row, heard.row, sizeof(heard.row));
	copy(heard.row, sizeof(heard.row), m.account);
	copy(heard.state, sizeof(heard.state), m.state);
	assert_true(m.created > 1600000000);
	heard.rows_in_order = (heard.rows == 0 || heard.rows_in_order) &&
		strcmp(heard.last_row, heard.row) < 0;
	heard.rows++;
	return 0;
}

static int on_changed(const struct bus_event *event)
{
	assert_int_equal(bus_get_account_changed(event->frame->body, &heard.change), 0);
	copy(heard.changed, sizeof(heard.changed), heard.change.account);
	heard.changes++;
	return 0;
}

static int on_challenge(const struct bus_event *event)
{
	struct msg_auth_challenge m;

	return bus_get_auth_challenge(event->frame->body, &m);
}

static int on_verdict(const struct bus_event *event)
{
	assert_int_equal(bus_get_auth_verdict(event->frame->body, &heard.verdict), 0);
	heard.verdicts++;
	heard.subject = event->frame->subject;
	return 0;
}

static int on_found(const struct bus_event *event)
{
	assert_int_equal(bus_get_account_found(event->frame->body, &heard.found), 0);
	heard.founds++;
	heard.subject = event->frame->subject;
	return 0;
}

static int on_stats(const struct bus_event *event)
{
	struct str name;
	struct msg_stats m;

	assert_int_equal(bus_get_stats(event->frame->body, &m), 0);
	while (textlist_take(&m.counters, &name))
		heard.stats += str_is(name, "auth_ok") || str_is(name, "accounts_written");
	return 0;
}

static const struct bus_handler handlers[] = {
	{BUS_MECHANISMS, on_mechanisms},
	{BUS_ACCOUNT_REPLY, on_reply},
	{BUS_ACCOUNT_ROW, on_row},
	{BUS_ACCOUNT_CHANGED, on_changed},
	{BUS_AUTH_CHALLENGE, on_challenge},
	{BUS_AUTH_VERDICT, on_verdict},
	{BUS_ACCOUNT_FOUND, on_found},
	{BUS_STATS, on_stats},
	{0, NULL},
};

static void on_peer(void *owner, struct bus_peer *p)
{
	(void)owner;
	peer = p;
}

static void on_gone(void *owner, struct bus_peer *p, const char *why)
{
	(void)owner;
	(void)why;
	if (peer == p)
		peer = NULL;
}

static void on_refused(void *owner, unsigned role, pid_t pid, const char *why)
{
	(void)owner;
	(void)role;
	(void)pid;
	fail_msg("refused: %s", why);
}

/* ---- the fixture ------------------------------------------------------------------------ */

static void start_server(void)
{
	static const struct bus_socket_owner owner = {
		ROLE_AUTH, (uid_t)-1, (gid_t)-1, 0600,
	};
	struct bus_server_spec spec = {
		.loop = &loop, .handlers = handlers, .on_peer = on_peer, .on_gone = on_gone,
		.on_refused = on_refused,
	};
	char what[256];

	assert_int_equal(bus_server_open(dir, &(struct bus_socket_owners){&owner, 1}, &server, what, sizeof(what)), 0);
	assert_int_equal(bus_server_start(server, &spec), 0);
}

static void wait_until(const unsigned *count, unsigned n)
{
	while (*count < n)
		uv_run(&loop, UV_RUN_ONCE);
}

static void start_authd(void)
{
	static char *domains[] = {"x.example", "y.example"};
	struct authd *a = bh_alloc(sizeof(*a));

	authd = (struct daemon){.loop = &loop, .instance = "authd", .state = a};
	snprintf(authd.run_dir, sizeof(authd.run_dir), "%s", dir);
	snprintf(authd.state_dir, sizeof(authd.state_dir), "%s", dir);
	a->daemon = &authd;
	a->policy.iterations = 50;
	a->policy.limits = (struct throttle_limits){100, 1000, 60000};
	a->policy.ndomains = 2;
	a->policy.domains = bh_alloc(2 * sizeof(struct policy_domain));
	for (int i = 0; i < 2; i++) {
		a->policy.domains[i].name = bh_strdup(domains[i]);
		offer_add(&a->policy.domains[i].offer, STR_LIT("SCRAM-SHA-256"));
		offer_add(&a->policy.domains[i].offer, STR_LIT("PLAIN"));
	}
	a->gsasl = scram_open();
	a->directories = directories_none();
	assert_int_equal(authd_start(&authd), 0);
	wait_until(&heard.mechanisms, 2);
}

static int set_up(void **state)
{
	(void)state;
	memset(&heard, 0, sizeof(heard));
	snprintf(dir, sizeof(dir), "/tmp/test_authd.XXXXXX");
	assert_non_null(mkdtemp(dir));
	uv_loop_init(&loop);
	start_server();
	start_authd();
	return 0;
}

static void on_stopped(void *arg)
{
	*(bool *)arg = true;
}

static void stop_server(void)
{
	bool stopped = false;

	bus_server_stop(&server, on_stopped, &stopped);
	peer = NULL;
	while (!stopped)
		uv_run(&loop, UV_RUN_ONCE);
}

static int tear_down(void **state)
{
	char command[96];

	(void)state;
	authd_stop(&authd);
	while (authd.state != NULL)
		uv_run(&loop, UV_RUN_ONCE);
	stop_server();
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static void put(uint64_t subject, unsigned how, const char *account, const char *password)
{
	struct msg_account_put m = {
		.account = str_of(account), .how = (uint8_t)how, .password = str_of(password)};

	assert_int_equal(LINK_SEND(peer->link, ACCOUNT_PUT, account_put, subject, &m), 0);
}

static void delete(uint64_t subject, const char *account)
{
	struct msg_account_delete m = {.account = str_of(account)};

	assert_int_equal(LINK_SEND(peer->link, ACCOUNT_DELETE, account_delete, subject, &m), 0);
}

/* ---- tests ------------------------------------------------------------------------------ */

static void it_tells_its_mechanisms_for_each_domain(void **state)
{
	(void)state;
	assert_int_equal(heard.mechanisms, 2);
	assert_string_equal(heard.names, "SCRAM-SHA-256 PLAIN");
}

static void every_request_gets_its_answer(void **state)
{
	static const struct {
		unsigned how; /* 0: delete */
		const char *account, *password;
		unsigned code;
		const char *word;
	} cases[] = {
		{ACCOUNT_ADD, "a@x.example", "pw", EXIT_OK, NULL},
		{ACCOUNT_ADD, "a@x.example", "pw", EXIT_CONFLICT,
			"the account a@x.example exists already"},
		{ACCOUNT_ADD, "A@X.Example", "pw", EXIT_CONFLICT,
			"the account a@x.example exists already"},
		{ACCOUNT_PASSWORD, "a@x.example", "pw", EXIT_OK, NULL},
		{ACCOUNT_PASSWORD, "b@x.example", "pw", EXIT_NOT_FOUND, "no account b@x.example"},
		{ACCOUNT_IMPORT, "a@y.example", "pw", EXIT_OK, NULL},
		{ACCOUNT_ADD, "c@x.example", "", EXIT_USAGE, "empty"},
		{ACCOUNT_ADD, "c@x.example", "\a", EXIT_USAGE, "SASLprep"},
		{ACCOUNT_ADD, "c@x.example/r", "pw", EXIT_USAGE, "no address of a user"},
		{ACCOUNT_ADD, "x.example", "pw", EXIT_USAGE, "no address of a user"},
		{ACCOUNT_ADD, "", "pw", EXIT_USAGE, "no address of a user"},
		{ACCOUNT_ADD, "c d@x.example", "pw", EXIT_USAGE, "no address of a user"},
		{ACCOUNT_ADD, "c@z.example", "pw", EXIT_USAGE, "z.example is not served"},
		{99, "c@x.example", "pw", EXIT_USAGE, "99"},
		{0, "c@x.example", NULL, EXIT_NOT_FOUND, "no account c@x.example"},
		{0, "c@z.example", NULL, EXIT_NOT_FOUND, "no account c@z.example"},
		{0, "x.example", NULL, EXIT_USAGE, "no address of a user"},
		{0, "a@x.example", NULL, EXIT_OK, NULL},
		{ACCOUNT_ADD, "a@x.example", "pw", EXIT_OK, NULL},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		heard.changes = 0;
		if (cases[i].how == 0)
			delete(i, cases[i].account);
		else
			put(i, cases[i].how, cases[i].account, cases[i].password);
		wait_until(&heard.replies, i + 1);
		assert_int_equal(heard.subject, i);
		assert_int_equal(heard.code, cases[i].code);
		if (cases[i].word != NULL)
			assert_non_null(strstr(heard.text, cases[i].word));
		/* Before the answer, routerd has heard of the change. */
		assert_int_equal(heard.changes, cases[i].code == EXIT_OK);
		if (heard.changes > 0)
			assert_string_equal(heard.changed, cases[i].account);
	}
}

static void look_up(uint64_t subject, const char *account)
{
	struct msg_account_lookup m = {.account = str_of(account)};

	assert_int_equal(LINK_SEND(peer->link, ACCOUNT_LOOKUP, account_lookup, subject, &m), 0);
	wait_until(&heard.founds, heard.founds + 1);
	assert_int_equal(heard.subject, subject);
}

static void routerd_can_ask_whether_there_is_an_account(void **state)
{
	uint64_t first;

	(void)state;
	look_up(1, "a@x.example");
	assert_int_equal(heard.found.state, ACCOUNT_ABSENT);
	assert_int_equal(heard.found.generation, 0);
	put(2, ACCOUNT_ADD, "a@x.example", "pw");
	wait_until(&heard.replies, 1);
	look_up(3, "a@x.example");
	assert_int_equal(heard.found.state, ACCOUNT_ACTIVE);
	first = heard.found.generation;
	assert_int_equal(first, heard.change.generation);
	put(4, ACCOUNT_PASSWORD, "a@x.example", "other");
	wait_until(&heard.replies, 2);
	look_up(5, "a@x.example");
	assert_true(heard.found.generation > first);
	delete(6, "a@x.example");
	wait_until(&heard.replies, 3);
	look_up(7, "a@x.example");
	assert_int_equal(heard.found.state, ACCOUNT_ABSENT);
	look_up(8, "");
	assert_int_equal(heard.found.state, ACCOUNT_ABSENT);
}

static void a_list_comes_in_order_and_has_an_end(void **state)
{
	struct msg_account_list m = {.domain = STR_NONE};
	char account[64];

	(void)state;
	for (unsigned i = 0; i < 700; i++) {
		snprintf(account, sizeof(account), "u%03u@%s", i,
			i < 600 ? "x.example" : "y.example");
		put(i, ACCOUNT_IMPORT, account, "pw");
	}
	wait_until(&heard.replies, 700);
	assert_int_equal(LINK_SEND(peer->link, ACCOUNT_LIST, account_list, 1, &m), 0);
	wait_until(&heard.replies, 701);
	assert_int_equal(heard.rows, 700);
	assert_int_equal(heard.code, EXIT_OK);
	assert_true(heard.rows_in_order);
	assert_string_equal(heard.state, "enabled");
	heard.rows = 0;
	m.domain = STR_LIT("Y.example");
	assert_int_equal(LINK_SEND(peer->link, ACCOUNT_LIST, account_list, 2, &m), 0);
	wait_until(&heard.replies, 702);
	assert_int_equal(heard.rows, 100);
	m.domain = STR_LIT("@");
	assert_int_equal(LINK_SEND(peer->link, ACCOUNT_LIST, account_list, 3, &m), 0);
	wait_until(&heard.replies, 703);
	assert_int_equal(heard.code, EXIT_USAGE);
}

static void begin_plain(uint64_t subject)
{
	struct msg_auth_begin m = {
		.domain = STR_LIT("x.example"), .mechanism = STR_LIT("PLAIN"),
		.initial = STR_LIT("AGEAcHc="), /* NUL a NUL pw */
		.offered = STR_LIT("PLAIN"), .address = STR_LIT("192.0.2.1:1"), .tls = 1,
	};

	assert_int_equal(LINK_SEND(peer->link, AUTH_BEGIN, auth_begin, subject, &m), 0);
}

static void a_login_over_the_link_ends_in_a_verdict(void **state)
{
	struct msg_stats_get get;

	(void)state;
	put(1, ACCOUNT_ADD, "a@x.example", "pw");
	wait_until(&heard.replies, 1);
	begin_plain(77);
	wait_until(&heard.verdicts, 1);
	assert_int_equal(heard.subject, 77);
	assert_int_equal(heard.verdict.condition, 0);
	assert_true(heard.verdict.generation == heard.change.generation);
	assert_int_equal(LINK_SEND(peer->link, STATS_GET, stats_get, 5, &get), 0);
	wait_until(&heard.stats, 2);
}

static void what_changed_is_told_again_on_a_new_link(void **state)
{
	(void)state;
	put(1, ACCOUNT_ADD, "a@x.example", "pw");
	put(2, ACCOUNT_PASSWORD, "a@x.example", "pw2");
	wait_until(&heard.replies, 2);
	memset(&heard, 0, sizeof(heard));
	stop_server();
	start_server();
	wait_until(&heard.mechanisms, 2);
	wait_until(&heard.changes, 1);
	assert_int_equal(heard.change.change, ACCOUNT_GOT_PASSWORD);
	assert_string_equal(heard.changed, "a@x.example");
}

static void answers_go_only_to_the_link_that_asked(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 20; i++)
		put(i, ACCOUNT_IMPORT, "a@x.example", "pw");
	begin_plain(1);
	wait_until(&heard.replies, 1);
	stop_server();
	start_server();
	memset(&heard, 0, sizeof(heard));
	wait_until(&heard.mechanisms, 2);
	put(1000, ACCOUNT_IMPORT, "b@x.example", "pw");
	wait_until(&heard.replies, 1);
	assert_int_equal(heard.subject, 1000);
	assert_int_equal(heard.verdicts, 0);
}

/* With everything under way: nothing may leak or be used after its end. */
static void it_stops_in_the_midst_of_work(void **state)
{
	struct msg_account_list m = {.domain = STR_NONE};

	(void)state;
	for (uint64_t i = 0; i < 50; i++) {
		put(i, ACCOUNT_IMPORT, "a@x.example", "pw");
		begin_plain(i);
	}
	wait_until(&heard.replies, 1);
	assert_int_equal(LINK_SEND(peer->link, ACCOUNT_LIST, account_list, 1, &m), 0);
	uv_run(&loop, UV_RUN_NOWAIT);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		T(it_tells_its_mechanisms_for_each_domain),
		T(every_request_gets_its_answer),
		T(routerd_can_ask_whether_there_is_an_account),
		T(a_list_comes_in_order_and_has_an_end),
		T(a_login_over_the_link_ends_in_a_verdict),
		T(what_changed_is_told_again_on_a_new_link),
		T(answers_go_only_to_the_link_that_asked),
		T(it_stops_in_the_midst_of_work),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
