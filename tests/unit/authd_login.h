/*
 * authd_login - conversations with an account store of their own, and a client for them
 *
 * Shared by the tests of authd that log in; each includes it once.
 */
#ifndef TEST_AUTHD_LOGIN_H
#define TEST_AUTHD_LOGIN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <gsasl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/base64.h"
#include "authd/conversation.h"
#include "authd/scram.h"
#include "base/err.h"

#define DOMAIN "x.example"
#define USER "user"
#define PASSWORD "pencil"
#define ALL "EXTERNAL SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS SCRAM-SHA-256 SCRAM-SHA-1 PLAIN"
#define NO_PLUS "SCRAM-SHA-256 SCRAM-SHA-1 PLAIN"

enum { ITERATIONS = 4096 };
static const uint64_t ID = 7; /* of most conversations */

static uv_loop_t loop;
static char dir[64];
static struct policy_domain domains[] = {{.name = "y.example"}, {.name = DOMAIN}};
static struct policy policy = {.domains = domains, .ndomains = 2, .iterations = ITERATIONS};
static struct derive *derive;
static struct accounts *accounts;
static struct throttle *throttle;
static struct conversations *conversations;
static struct Gsasl *server;
static Gsasl *client;
static const uint8_t exporter[32] = "a tls-exporter of 32 bytes......";

/* What routerd has heard last. */
static struct {
	unsigned challenges, verdicts;
	uint64_t id; /* of the last verdict */
	unsigned turn; /* which of them was that of ID */
	char challenge[4096];
	struct msg_auth_verdict verdict;
	char account[256], mechanism[64], final[256], text[256];
} heard;

static inline void copy(char *out, size_t size, struct str s)
{
	assert_true(s.len < size);
	memcpy(out, s.p != NULL ? s.p : "", s.len);
	out[s.len] = '\0';
}

static inline void on_challenge(void *owner, uint64_t id, const struct msg_auth_challenge *m)
{
	(void)owner;
	(void)id;
	heard.challenges++;
	copy(heard.challenge, sizeof(heard.challenge), m->data);
}

static inline void on_verdict(void *owner, uint64_t id, const struct msg_auth_verdict *m)
{
	(void)owner;
	heard.verdicts++;
	heard.id = id;
	if (id == ID)
		heard.turn = heard.verdicts;
	heard.verdict = *m;
	copy(heard.account, sizeof(heard.account), m->account);
	copy(heard.mechanism, sizeof(heard.mechanism), m->mechanism);
	copy(heard.final, sizeof(heard.final), m->final);
	copy(heard.text, sizeof(heard.text), m->text);
}

/* ---- the fixture ------------------------------------------------------------------------ */

static inline void on_change(void *owner, const struct account_write *change)
{
	(void)owner;
	(void)change;
}

static inline void on_put(void *arg, int rc)
{
	assert_int_equal(rc, 0);
	*(bool *)arg = true;
}

static inline void put(const char *account, const char *password)
{
	bool done = false;
	struct account_order order = {
		.how = password != NULL ? ACCOUNT_IMPORT : ACCOUNT_REMOVE,
		.account = str_of(account), .password = str_of(password),
		.done = on_put, .arg = &done,
	};

	assert_int_equal(accounts_change(accounts, &order), 0);
	while (!done)
		uv_run(&loop, UV_RUN_ONCE);
}

static inline void start_conversations(unsigned max, uint64_t life_ms)
{
	struct conversations_spec spec = {
		.loop = &loop, .max = max, .life_ms = life_ms,
		.env = {&policy, accounts, throttle, derive, server},
		.challenge = on_challenge, .verdict = on_verdict,
	};

	conversations = conversations_start(&spec);
}

static inline void open_store(void)
{
	struct accounts_spec spec = {.loop = &loop, .dir = dir, .iterations = ITERATIONS,
		.on_change = on_change};
	char what[256];

	derive = derive_create(&loop);
	spec.derive = derive;
	assert_int_equal(accounts_open(&spec, &accounts, what, sizeof(what)), 0);
}

static inline int set_up(void **state)
{
	static const struct throttle_limits limits = {1000, 10000, 3600 * 1000};

	(void)state;
	memset(&heard, 0, sizeof(heard));
	snprintf(dir, sizeof(dir), "/tmp/test_conversation.XXXXXX");
	assert_non_null(mkdtemp(dir));
	uv_loop_init(&loop);
	throttle = throttle_create(&limits);
	open_store();
	server = scram_open();
	gsasl_init(&client);
	start_conversations(100, CONVERSATION_MS);
	put(USER "@" DOMAIN, PASSWORD);
	put("victim@" DOMAIN, "other");
	put(USER "@y.example", "elsewhere");
	return 0;
}

static inline void closed(void *arg)
{
	(void)arg;
}

static inline int tear_down(void **state)
{
	char command[96];

	(void)state;
	conversations_stop(&conversations, closed, NULL);
	accounts_close(&accounts, closed, NULL);
	derive_stop(&derive, NULL, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	throttle_free(&throttle);
	scram_close(&server);
	gsasl_done(client);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static inline int offer_all(void **state)
{
	static const char *const names[] = {"EXTERNAL", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS",
		"SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (size_t k = 0; k < 2; k++)
			assert_int_equal(offer_add(&domains[k].offer, str_of(names[i])), 0);
	return 0;
}

static inline void sql(const char *text)
{
	char path[96];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/accounts.db", dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* ---- a client --------------------------------------------------------------------------- */

struct login {
	const char *mechanism;
	const char *user, *password, *authzid;
	const char *offered;	 /* default ALL */
	const char *certificate;
	const uint8_t *client_exporter; /* what the client thinks */
	bool no_exporter;	 /* the server has none */
	bool no_initial;
};

static inline struct msg_auth_begin begin_of(const struct login *l)
{
	return (struct msg_auth_begin){
		.domain = STR_LIT(DOMAIN),
		.mechanism = str_of(l->mechanism),
		.offered = str_of(l->offered != NULL ? l->offered : ALL),
		.exporter = l->no_exporter ? STR_NONE : str_make(exporter, sizeof(exporter)),
		.certificate = str_of(l->certificate),
		.address = STR_LIT("192.0.2.1:4000"),
		.tls = 1,
	};
}

static inline void wait_for_verdict(void)
{
	while (heard.verdicts == 0)
		uv_run(&loop, UV_RUN_ONCE);
}

static inline Gsasl_session *client_open(const struct login *l)
{
	Gsasl_session *s = NULL;
	char *text = NULL;
	size_t len;

	assert_int_equal(gsasl_client_start(client, l->mechanism, &s), GSASL_OK);
	if (l->user != NULL)
		gsasl_property_set(s, GSASL_AUTHID, l->user);
	if (l->password != NULL)
		gsasl_property_set(s, GSASL_PASSWORD, l->password);
	if (l->authzid != NULL)
		gsasl_property_set(s, GSASL_AUTHZID, l->authzid);
	if (l->client_exporter != NULL) {
		gsasl_base64_to((const char *)l->client_exporter, 32, &text, &len);
		gsasl_property_set(s, GSASL_CB_TLS_EXPORTER, text);
		gsasl_free(text);
	}
	return s;
}

/* Answers a challenge, or starts. */
static inline void client_says(const struct login *l, Gsasl_session *s)
{
	struct msg_auth_begin begin = begin_of(l);
	bool first = heard.challenges == 0 && !l->no_initial;
	char *out = NULL;

	assert_in_range(gsasl_step64(s, heard.challenge, &out), GSASL_OK, GSASL_NEEDS_MORE);
	if (first) {
		begin.initial = out[0] != '\0' ? str_of(out) : STR_LIT("=");
		conversations_begin(conversations, ID, &begin);
	} else {
		conversations_step(conversations, ID, out[0] != '\0' ? str_of(out) : STR_LIT("="));
	}
	gsasl_free(out);
}

/* Does all of it; heard has the end.  0, or the client's own complaint about the server. */
static inline int run(const struct login *l)
{
	Gsasl_session *s = client_open(l);
	struct msg_auth_begin begin = begin_of(l);
	char *out = NULL;
	int rc = 0;

	memset(&heard, 0, sizeof(heard));
	if (l->no_initial)
		conversations_begin(conversations, ID, &begin);
	for (int i = 0; i < 4 && heard.verdicts == 0; i++) {
		unsigned before = heard.challenges;

		client_says(l, s);
		while (heard.verdicts == 0 && heard.challenges == before)
			uv_run(&loop, UV_RUN_ONCE);
	}
	assert_int_equal(heard.verdicts, 1);
	if (heard.final[0] != '\0') {
		rc = gsasl_step64(s, heard.final, &out);
		gsasl_free(out);
	}
	gsasl_finish(s);
	assert_int_equal(conversations_open(conversations), 0);
	return rc;
}

/* One message without gsasl: begins with it; heard has what came back. */
static inline void say(const char *mechanism, const char *offered, struct str raw)
{
	struct login l = {.mechanism = mechanism, .offered = offered};
	struct msg_auth_begin begin = begin_of(&l);
	struct buf text = BUF_INIT;

	memset(&heard, 0, sizeof(heard));
	base64_encode(raw, &text);
	begin.initial = raw.len > 0 ? buf_str(&text) : STR_LIT("=");
	conversations_begin(conversations, ID, &begin);
	while (heard.verdicts == 0 && heard.challenges == 0)
		uv_run(&loop, UV_RUN_ONCE);
	buf_fini(&text);
}

#endif
