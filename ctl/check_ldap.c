/* bulkheadctl check ldap: each directory of the configuration, and each server of it. */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "ctl/check.h"
#include "ctl/check/findings.h"
#include "ctl/ctl.h"
#include "net/tls.h"

void check_say(struct check *k, enum finding finding, const char *what, const char *fmt, ...)
{
	const char *name = conf_directory_name(k->conf, k->i);
	const char *server = k->directory != NULL ? k->directory->servers[k->server] : "";
	char text[1024];
	va_list ap;

	k->problems += finding == FOUND_PROBLEM;
	k->warnings += finding == FOUND_WARNING;
	if (finding == FOUND_OK && k->quiet)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (k->into != NULL)
		found(k->into, finding, name, "%s %s: %s", server, what, text);
	else
		result_texts(&k->rows, (const char *const[]){name, server, what, finding_name(finding), text, NULL});
}

const char *check_text(const struct check *k, const char *setting)
{
	const char *text = conf_directory_text(k->conf, k->i, setting);

	return text != NULL && *text != '\0' ? text : NULL;
}

const char *check_who(const struct check *k)
{
	return k->directory->bind_dn != NULL ? k->directory->bind_dn : "our account";
}

static void count(void *n, const struct direntry *entry)
{
	(void)entry;
	++*(unsigned *)n;
}

bool check_base(struct check *k, const char *setting, const char *dn)
{
	static const char *const nothing[] = {"1.1", NULL}; /* RFC 4511 4.5.1.8 */
	const struct dirsearch s = {.base = dn, .filter = "(objectClass=*)", .attributes = nothing};
	char why[DIRCONN_WHY_SIZE];
	unsigned n = 0;

	if (dirconn_search(k->connection, &s, count, &n, why) != 0)
		check_say(k, FOUND_PROBLEM, setting, "%s; correct %s", why, setting);
	else if (n == 0)
		check_say(k, FOUND_PROBLEM, setting, "there is no entry %s, or %s may not read it: correct %s, or give it "
			"the right", dn, check_who(k), setting);
	else
		check_say(k, FOUND_OK, setting, "%s", dn);
	return n > 0;
}

static void check_directory(struct check *k)
{
	char what[512];

	if (directory_load(k->conf, k->i, &k->directory, what, sizeof what) != 0) {
		check_say(k, FOUND_PROBLEM, "settings", "%s", what);
		return;
	}
	for (k->server = 0; k->server < k->directory->nservers; k->server++) {
		check_server(k);
		if (k->connection == NULL)
			continue;
		check_accounts(k);
		check_groups(k);
		dirconn_close(&k->connection);
	}
	directory_unref(&k->directory);
}

/* All of them, or the one that is named. */
static int check_all(struct check *k, const char *name)
{
	bool any = false;

	for (k->i = 0; k->i < conf_directories(k->conf); k->i++) {
		if (name != NULL && strcmp(conf_directory_name(k->conf, k->i), name) != 0)
			continue;
		any = true;
		check_directory(k);
	}
	if (any)
		return EXIT_OK;
	if (name == NULL)
		return complain(EXIT_NOT_FOUND, "the configuration has no directory");
	return complain(EXIT_NOT_FOUND, "the configuration has no directory \"%s\"", name);
}

static void sum_up(const struct check *k)
{
	if (k->problems == 0 && k->warnings == 0)
		puts("all checks passed");
	else if (k->problems == 0)
		printf("all checks passed, with %u warning%s: see above\n", k->warnings, k->warnings == 1 ? "" : "s");
	else
		printf("%u problem%s and %u warning%s: see above\n", k->problems, k->problems == 1 ? "" : "s", k->warnings,
			k->warnings == 1 ? "" : "s");
}

static int show(const struct ctl *ctl, const struct check *k)
{
	if (ctl->json)
		json_print(stdout, &k->rows);
	else
		table_print(stdout, &k->rows, !ctl->quiet);
	if (!ctl->json && !ctl->quiet)
		sum_up(k);
	if (fflush(stdout) != 0)
		return complain(EXIT_FAILED, "standard output cannot be written");
	return k->problems > 0 ? EXIT_PROBLEMS : EXIT_OK;
}

void look_at_ldap(struct findings *f)
{
	struct check k = {.quiet = f->ctl->quiet, .conf = f->conf, .into = f};

	if (conf_directories(f->conf) > 0)
		(void)check_all(&k, NULL);
}

int run_check_ldap(const struct call *call)
{
	struct check k = {.quiet = call->ctl->quiet};
	struct conf *conf = NULL;
	int rc = load_conf(call->ctl, &conf);

	if (rc != EXIT_OK)
		return rc;
	result_name_columns(&k.rows, "directory server check result text");
	k.conf = conf;
	(void)signal(SIGPIPE, SIG_IGN); /* of servers that hang up */
	if (tls_global_init() != 0)
		rc = complain(EXIT_FAILED, "TLS cannot be used");
	else
		rc = check_all(&k, call->argc > 0 ? call->argv[0] : NULL);
	if (rc == EXIT_OK)
		rc = show(call->ctl, &k);
	tls_global_fini();
	result_fini(&k.rows);
	conf_free(&conf);
	return rc;
}
