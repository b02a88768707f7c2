/* cert list, cert test: the certificates of the configuration, and what the front ends show. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "bus/textlist.h"
#include "conf/conf.h"
#include "ctl/query.h"
#include "net/tls_inspect.h"
#include "net/tls_key.h"

enum { DAY_S = 24 * 3600, SOON_DAYS = 14, NAME_SIZE = 1024 };

/* A walk over the certificates: each of those that domains name, for clients and, where they have one, for servers. */
struct walk {
	const struct call *call;
	const struct conf *conf;
	struct query used; /* what the front ends show */
	struct result rows;
	unsigned problems;
};

typedef void visit_fn(struct walk *w, const struct tls_identity *id, const char *purpose);

static void columns(struct walk *w, const char *names)
{
	struct buf list = BUF_INIT;

	for (size_t len; *names != '\0'; names += len + (names[len] == ' ')) {
		len = strcspn(names, " ");
		textlist_put(&list, str_make(names, len));
	}
	result_columns(&w->rows, buf_str(&list));
	buf_fini(&list);
}

static void visit_domain(struct walk *w, size_t i, visit_fn *visit)
{
	const char *certificate = conf_domain_text(w->conf, i, "s2s_certificate");
	const char *key = conf_domain_text(w->conf, i, "s2s_key");
	struct tls_identity id = {
		.domain = conf_domain_name(w->conf, i),
		.certificate = conf_domain_text(w->conf, i, "certificate"),
		.key = conf_domain_text(w->conf, i, "key"),
	};

	visit(w, &id, certificate == NULL ? "all" : "clients");
	if (certificate == NULL)
		return;
	id.certificate = certificate;
	id.key = key != NULL ? key : id.key;
	visit(w, &id, "servers");
}

/* The configuration's domains, or the one that is named. */
static int visit_all(struct walk *w, visit_fn *visit)
{
	const char *wanted = w->call->argc > 0 ? w->call->argv[0] : NULL;
	bool found = wanted == NULL;
	struct conf *conf = NULL;
	int rc = load_conf(w->call->ctl, &conf);

	if (rc != EXIT_OK)
		return rc;
	w->conf = conf;
	tls_global_init();
	for (size_t i = 0; i < conf_domains(conf); i++) {
		if (wanted != NULL && strcmp(wanted, conf_domain_name(conf, i)) != 0)
			continue;
		found = true;
		visit_domain(w, i, visit);
	}
	tls_global_fini();
	conf_free(&conf);
	return found ? EXIT_OK : complain(EXIT_NOT_FOUND, "%s is no domain of the configuration", wanted);
}

/* ---- cert list ------------------------------------------------------------------------------------ */

/* The columns of the verb "cert.used". */
enum { USED_DOMAIN, USED_INSTANCE, USED_FINGERPRINT };

/* The instances that show that certificate, or, by `other`, another one for that domain. */
static void put_users(const struct walk *w, const struct tls_identity *id, const struct tls_facts *facts, bool other,
	struct buf *out)
{
	struct str rows = buf_str(&w->used.result.rows), row;

	while (textlist_take(&rows, &row)) {
		bool same = str_is(result_value(row, USED_FINGERPRINT), facts->fingerprint);

		if (!str_is(result_value(row, USED_DOMAIN), id->domain) || same == other)
			continue;
		if (out->len > 0)
			buf_put_byte(out, ' ');
		buf_put_str(out, result_value(row, USED_INSTANCE));
	}
}

static void list_one(struct walk *w, const struct tls_identity *id, const char *purpose)
{
	struct buf row = BUF_INIT, users = BUF_INIT;
	struct tls_facts facts = {.from = 0};
	char stamp[CLOCK_STAMP_SIZE] = "", what[512] = "";
	int rc = tls_inspect(id, &facts, what, sizeof what);

	textlist_put(&row, str_of(id->domain));
	textlist_put(&row, str_of(purpose));
	if (rc == 0) {
		clock_stamp(facts.until, stamp);
		put_users(w, id, &facts, false, &users);
	} else {
		w->problems++;
	}
	textlist_put(&row, rc == 0 ? str_of(facts.names) : STR_LIT(""));
	textlist_put(&row, str_of(rc == 0 ? facts.issuer : what));
	textlist_put(&row, str_of(stamp));
	textlist_printf(&row, "%" PRId64, rc == 0 ? (facts.until - clock_wall()) / DAY_S : 0);
	textlist_put(&row, str_of(rc == 0 ? facts.key : ""));
	textlist_put(&row, buf_str(&users));
	textlist_put(&row, str_of(id->certificate));
	textlist_put(&row, str_of(rc == 0 ? facts.fingerprint : ""));
	result_row(&w->rows, buf_str(&row));
	buf_fini(&users);
	buf_fini(&row);
}

static int finish(struct walk *w, int rc)
{
	if (rc == EXIT_OK)
		result_print(w->call, &w->rows);
	if (rc == EXIT_OK && w->problems > 0)
		rc = complain(EXIT_USAGE, "%u problems", w->problems);
	result_fini(&w->rows);
	result_fini(&w->used.result);
	return rc;
}

/* While the suite is not running nobody shows any. */
int run_cert_list(const struct call *call)
{
	struct walk w = {.call = call};

	complain_silently(true);
	(void)query_ask(call->ctl, "cert.used", STR_NONE, &w.used);
	complain_silently(false);
	columns(&w, "domain for names issuer until days key in_use_by file fingerprint");
	return finish(&w, visit_all(&w, list_one));
}

/* ---- cert test ------------------------------------------------------------------------------------ */

static void say(struct walk *w, const struct tls_identity *id, const char *step, const char *problem)
{
	bool good = problem[0] == '\0';
	struct buf row = BUF_INIT;

	w->problems += !good;
	if (good && w->call->ctl->quiet)
		return;
	textlist_put(&row, str_of(id->domain));
	textlist_put(&row, str_of(step));
	textlist_put(&row, good ? STR_LIT("ok") : STR_LIT("problem"));
	textlist_put(&row, str_of(problem));
	result_row(&w->rows, buf_str(&row));
	buf_fini(&row);
}

static void test_dates(struct walk *w, const struct tls_identity *id, const struct tls_facts *facts)
{
	int64_t now = clock_wall(), left = (facts->until - now) / DAY_S;
	char stamp[CLOCK_STAMP_SIZE], problem[128] = "";

	if (facts->from > now) {
		clock_stamp(facts->from, stamp);
		snprintf(problem, sizeof problem, "it is not valid before %s", stamp);
	} else if (facts->until < now) {
		clock_stamp(facts->until, stamp);
		snprintf(problem, sizeof problem, "it has expired on %s: renew it", stamp);
	} else if (left < SOON_DAYS) {
		snprintf(problem, sizeof problem, "it expires in %" PRId64 " days: renew it", left);
	}
	say(w, id, "dates", problem);
}

static void test_one(struct walk *w, const struct tls_identity *id, const char *purpose)
{
	struct tls_facts facts = {.from = 0};
	struct tls_key *key = NULL;
	char what[2048] = "";

	(void)purpose;
	(void)tls_inspect(id, &facts, what, sizeof what);
	say(w, id, "file", what);
	if (what[0] != '\0')
		return;
	if (!facts.names_domain)
		snprintf(what, sizeof what, "it does not name %s, but %s: get one that does", id->domain, facts.names);
	say(w, id, "names", what);
	test_dates(w, id, &facts);
	what[0] = '\0';
	(void)tls_inspect_trust(id, what, sizeof what);
	say(w, id, "trust", what);
	what[0] = '\0';
	(void)tls_key_load(id, &key, what, sizeof what);
	say(w, id, "key", what);
	tls_key_free(&key);
}

int run_cert_test(const struct call *call)
{
	struct walk w = {.call = call};

	columns(&w, "domain step result problem");
	return finish(&w, visit_all(&w, test_one));
}
