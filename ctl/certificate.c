/* cert list, cert test: the certificates of the configuration, and what the front ends show. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "bus/textlist.h"
#include "conf/conf.h"
#include "ctl/check.h"
#include "ctl/identity.h"
#include "ctl/query.h"
#include "net/tls_facts.h"
#include "net/tls_judge.h"

enum { DAY_S = 24 * 3600 };

/* A walk over the certificates that the domains of the configuration name. */
struct walk {
	const struct call *call;
	const struct conf *conf;
	struct query used; /* what the front ends show */
	struct result rows;
	unsigned problems;
};

typedef void visit_fn(struct walk *w, const struct shown *shown);

static void visit_domain(struct walk *w, size_t i, visit_fn *visit)
{
	struct shown shown[2];
	size_t n = identities_of(w->conf, i, shown);

	for (size_t k = 0; k < n; k++)
		visit(w, &shown[k]);
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

/* The instances that show that certificate. */
static void put_users(const struct walk *w, const struct tls_facts *facts, const char *domain, struct buf *out)
{
	struct str rows = buf_str(&w->used.result.rows), row;

	while (textlist_take(&rows, &row)) {
		if (!str_is(result_value(row, USED_DOMAIN), domain) ||
			!str_is(result_value(row, USED_FINGERPRINT), facts->fingerprint))
			continue;
		if (out->len > 0)
			buf_put_byte(out, ' ');
		buf_put_str(out, result_value(row, USED_INSTANCE));
	}
}

static void list_one(struct walk *w, const struct shown *shown)
{
	struct buf row = BUF_INIT, users = BUF_INIT;
	struct tls_facts facts = {.until = 0};
	char stamp[CLOCK_STAMP_SIZE] = "", what[512] = "";
	bool read = tls_facts(&shown->id, &facts, what, sizeof what) == 0;

	w->problems += !read;
	if (read) {
		clock_stamp(facts.until, stamp);
		put_users(w, &facts, shown->id.domain, &users);
	}
	textlist_put(&row, str_of(shown->id.domain));
	textlist_put(&row, str_of(shown->whom));
	textlist_put(&row, str_of(facts.names));
	textlist_put(&row, str_of(read ? facts.issuer : what));
	textlist_put(&row, str_of(stamp));
	textlist_printf(&row, "%" PRId64, read ? (facts.until - clock_wall()) / DAY_S : 0);
	textlist_put(&row, str_of(facts.key));
	textlist_put(&row, buf_str(&users));
	textlist_put(&row, str_of(shown->id.certificate));
	textlist_put(&row, str_of(facts.fingerprint));
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
	result_name_columns(&w.rows, "domain for names issuer until days key in_use_by file fingerprint");
	return finish(&w, visit_all(&w, list_one));
}

/* ---- cert test ------------------------------------------------------------------------------------ */

static void put_opinion(struct walk *w, const struct shown *shown, const char *aspect, const struct tls_opinion *opinion)
{
	const char *result = finding_name(finding_of(opinion->weight));

	w->problems += opinion->weight == TLS_PROBLEM;
	if (opinion->weight == TLS_GOOD && w->call->ctl->quiet)
		return;
	result_texts(&w->rows, (const char *const[]){shown->id.domain, shown->whom, aspect, result, opinion->text, NULL});
}

/* As check certs does. */
static void test_one(struct walk *w, const struct shown *shown)
{
	struct tls_judgement j;

	if (shown->uses == 0)
		return;
	tls_judge(&shown->id, shown->uses, conf_text(w->conf, "s2sd.ca"), &j);
	for (unsigned i = 0; i < j.n; i++)
		put_opinion(w, shown, tls_aspect_name(i), &j.of[i]);
}

int run_cert_test(const struct call *call)
{
	struct walk w = {.call = call};

	result_name_columns(&w.rows, "domain for step result text");
	return finish(&w, visit_all(&w, test_one));
}
