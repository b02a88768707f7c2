/* bulkheadctl check: one of the checks, or all that apply. */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ctl/check/findings.h"
#include "net/tls.h"

static const struct {
	const char *name;
	void (*look)(struct findings *f);
} checks[] = {
	{"config", look_at_config},
	{"permissions", look_at_permissions},
	{"certs", look_at_certs},
	{"dns", look_at_dns},
	{"connectivity", look_at_connectivity},
	{"ldap", look_at_ldap},
	{"store", look_at_store},
};
enum { NCHECKS = sizeof checks / sizeof checks[0] };

const char *check_name(size_t i)
{
	return i < NCHECKS ? checks[i].name : NULL;
}

const char *finding_name(enum finding finding)
{
	static const char *const names[] = {[FOUND_OK] = "ok", [FOUND_WARNING] = "warning", [FOUND_PROBLEM] = "problem"};

	return names[finding];
}

enum finding finding_of(enum tls_weight weight)
{
	static const enum finding findings[] = {
		[TLS_GOOD] = FOUND_OK, [TLS_WARNING] = FOUND_WARNING, [TLS_PROBLEM] = FOUND_PROBLEM};

	return findings[weight];
}

void found(struct findings *f, enum finding finding, const char *about, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	f->problems += finding == FOUND_PROBLEM;
	f->warnings += finding == FOUND_WARNING;
	if (finding == FOUND_OK && f->ctl->quiet)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	result_texts(&f->rows, (const char *const[]){f->check, about, finding_name(finding), text, NULL});
}

static void sum_up(const struct findings *f)
{
	if (f->problems > 0)
		printf("Problems found: %u, see above.\n", f->problems);
	else if (f->warnings > 0)
		printf("All checks passed; warnings: %u, see above.\n", f->warnings);
	else
		puts("All checks passed.");
}

static int show(const struct findings *f)
{
	if (f->ctl->json)
		json_print(stdout, &f->rows);
	else
		table_print(stdout, &f->rows, !f->ctl->quiet);
	if (!f->ctl->json)
		sum_up(f);
	if (fflush(stdout) != 0)
		return complain(EXIT_FAILED, "standard output cannot be written");
	return f->problems > 0 ? EXIT_PROBLEMS : EXIT_OK;
}

static bool wanted(const struct call *call, const char *name)
{
	return call->argc == 0 || strcmp(call->argv[0], name) == 0;
}

/* Only dns takes more than its name. */
static bool known(const struct call *call)
{
	if (call->argc > 1 && strcmp(call->argv[0], "dns") != 0)
		return false;
	for (size_t i = 0; i < NCHECKS; i++)
		if (wanted(call, checks[i].name))
			return true;
	return false;
}

int run_check(const struct call *call)
{
	struct findings f = {.ctl = call->ctl, .argc = call->argc > 0 ? call->argc - 1 : 0, .argv = call->argv + 1};
	struct conf *conf = NULL;
	int rc = known(call) ? load_conf(call->ctl, &conf) : complain(EXIT_USAGE, "unknown check '%s'; they are config, "
		"permissions, certs, dns, connectivity, ldap, store", call->argv[0]);

	if (rc != EXIT_OK)
		return rc;
	f.conf = conf;
	result_name_columns(&f.rows, "check about result text");
	(void)signal(SIGPIPE, SIG_IGN); /* of servers that hang up */
	if (tls_global_init() != 0)
		rc = complain(EXIT_FAILED, "TLS cannot be used");
	for (size_t i = 0; i < NCHECKS && rc == EXIT_OK; i++) {
		f.check = checks[i].name;
		if (wanted(call, f.check))
			checks[i].look(&f);
	}
	if (rc == EXIT_OK)
		rc = show(&f);
	tls_global_fini();
	result_fini(&f.rows);
	conf_free(&conf);
	return rc;
}
