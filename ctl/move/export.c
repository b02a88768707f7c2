/* export: one account after the other, into a file that only its owner can read. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/ptrs.h"
#include "bus/textlist.h"
#include "ctl/clean.h"
#include "ctl/move/pie.h"
#include "ctl/request.h"

/* The numbers of requests. */
enum { ASK_LIST = 1, ASK_KEYS = 2, ASK_DATA = 3 };

struct export {
	const struct ctl *ctl;
	struct routerd *routerd;
	FILE *out;
	struct ptrs names; /* char *: bare JIDs */
	struct str domain; /* of the host that is open; in names */
	unsigned waiting;  /* answers */
	int list_code;	   /* of the listing */
	int given_up;	   /* EXIT_TEMPORARY: nobody answers for now */
	char text[1025];
	/* Of the account under way: */
	const char *name;
	struct buf keys, data;
	bool failed;
	uint64_t written, without, failures;
};

static void fail(struct export *ex, struct str why)
{
	ex->failed = true;
	ex->failures++;
	clean_put(stderr, str_of(ex->name));
	fputs(": ", stderr);
	clean_put(stderr, why);
	fputc('\n', stderr);
}

/* ---- answers ----------------------------------------------------------------------------------------------- */

static void on_row(void *arg, uint64_t number, struct str values)
{
	struct export *ex = arg;
	struct str name;

	(void)number;
	if (textlist_take(&values, &name))
		ptrs_add(&ex->names, bh_strndup(name.p, name.len));
}

static void on_end(void *arg, uint64_t number, const struct msg_ctl_end *end)
{
	struct export *ex = arg;

	ex->waiting--;
	if (number != ASK_LIST) {
		fail(ex, end->text);
		ex->given_up = EXIT_TEMPORARY;
		return;
	}
	ex->list_code = end->code;
	snprintf(ex->text, sizeof ex->text, "%.*s", STR_FMT(end->text));
}

static void on_keys(void *arg, uint64_t number, const struct msg_keys *keys)
{
	struct export *ex = arg;

	(void)number;
	ex->waiting--;
	if (keys->code == EXIT_OK || keys->code == EXIT_NOT_AUTHORISED)
		pie_keys(&ex->keys, keys);
	if (keys->code == EXIT_NOT_AUTHORISED)
		ex->without++;
	else if (keys->code != EXIT_OK && keys->code != EXIT_NOT_FOUND) /* as of a directory's accounts */
		fail(ex, keys->text);
}

static void on_data(void *arg, uint64_t number, const struct msg_user_data *m)
{
	struct export *ex = arg;

	(void)number;
	ex->waiting--;
	if (m->code == EXIT_OK)
		buf_put_str(&ex->data, m->data);
	else
		fail(ex, m->text);
}

static const struct answer_handlers handlers = {.row = on_row, .end = on_end, .keys = on_keys, .data = on_data};

static int await(struct export *ex)
{
	int rc = EXIT_OK;

	while (rc == EXIT_OK && ex->waiting > 0)
		rc = routerd_wait(ex->routerd);
	return rc;
}

/* ---- which accounts ------------------------------------------------------------------------------------------ */

static int list(struct export *ex, const char *domain)
{
	struct buf args = BUF_INIT;
	int rc;

	if (domain != NULL)
		textlist_put(&args, str_of(domain));
	ex->waiting = 1;
	rc = routerd_ask(ex->routerd, ASK_LIST, "user.list", buf_str(&args));
	buf_fini(&args);
	if (rc == EXIT_OK)
		rc = await(ex);
	return rc == EXIT_OK && ex->list_code != EXIT_OK ? complain(ex->list_code, "%s", ex->text) : rc;
}

static int find_accounts(struct export *ex, const char *which)
{
	char text[JID_MAX + 1];
	struct jid jid;

	if (which == NULL || strchr(which, '@') == NULL)
		return list(ex, which);
	if (jid_prepare(str_of(which), text, &jid) != 0 || jid.local.p == NULL || jid.resource.p != NULL)
		return complain(EXIT_USAGE, "%s is no address of an account", which);
	ptrs_add(&ex->names, bh_strndup(jid.bare.p, jid.bare.len));
	return EXIT_OK;
}

/* By domain, then by name. */
static int compare(const void *a, const void *b)
{
	const char *one = *(char *const *)a, *two = *(char *const *)b;
	int domains = strcmp(strchr(one, '@'), strchr(two, '@'));

	return domains != 0 ? domains : strcmp(one, two);
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

static void put(struct export *ex, struct buf *text)
{
	if (buf_failed(text))
		fail(ex, STR_LIT("out of memory"));
	else
		fwrite(text->data, 1, text->len, ex->out);
	buf_fini_secret(text);
}

static void open_host(struct export *ex, struct str domain)
{
	struct buf text = BUF_INIT;

	if (str_eq(domain, ex->domain))
		return;
	if (ex->domain.len > 0)
		pie_host_end(&text);
	pie_host(&text, domain);
	put(ex, &text);
	ex->domain = domain;
}

static void write_account(struct export *ex)
{
	struct buf text = BUF_INIT;
	struct jid jid;

	jid_split(str_of(ex->name), &jid);
	open_host(ex, jid.domain);
	pie_user(&text, &jid, buf_str(&ex->keys), buf_str(&ex->data));
	put(ex, &text);
	ex->written += !ex->failed;
}

static int export_account(struct export *ex, const char *name)
{
	int rc;

	ex->name = name;
	ex->failed = false;
	ex->waiting = 2;
	rc = routerd_get_keys(ex->routerd, ASK_KEYS, str_of(name));
	if (rc == EXIT_OK)
		rc = routerd_get_user(ex->routerd, ASK_DATA, str_of(name));
	if (rc == EXIT_OK)
		rc = await(ex);
	if (rc == EXIT_OK)
		rc = ex->given_up;
	if (rc == EXIT_OK && !ex->failed)
		write_account(ex);
	buf_fini_secret(&ex->keys);
	buf_fini(&ex->data);
	return rc;
}

static int export_all(struct export *ex)
{
	struct buf text = BUF_INIT;
	int rc = EXIT_OK;

	if (ex->names.n > 0)
		qsort(ex->names.of, ex->names.n, sizeof ex->names.of[0], compare);
	pie_begin(&text);
	put(ex, &text);
	for (uint32_t i = 0; i < ex->names.n && rc == EXIT_OK; i++)
		rc = export_account(ex, ex->names.of[i]);
	if (ex->domain.len > 0)
		pie_host_end(&text);
	pie_end(&text);
	put(ex, &text);
	return rc;
}

/* What it came to; on standard error, where the export itself goes to standard output. */
static void summarise(const struct export *ex)
{
	char text[256];

	snprintf(text, sizeof text, "%lu accounts written%s", (unsigned long)ex->written,
		ex->without > 0 ? ", without the keys of their passwords: authd.export_keys is off" : "");
	if (ex->out != stdout)
		tell(ex->ctl, text);
	else if (!ex->ctl->quiet)
		fprintf(stderr, "%s\n", text);
}

/* ---- the file ---------------------------------------------------------------------------------------------------- */

/* It has its name when all of it is there. */
/* What is written to: standard output, what is there and no file, or a new file that takes the name once it is whole. */
struct target {
	const char *name;
	char path[PATH_MAX]; /* of the file, whose links are followed; "" without */
	char part[PATH_MAX + 8];
};

static int failed(const char *name)
{
	return complain(EXIT_FAILED, "%s: %s", name, strerror(errno));
}

/* A device or a pipe.  One that somebody else has put there would have the secrets sent to him. */
static int open_in_place(struct target *t, int *fd)
{
	struct stat st;

	*fd = open(t->name, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (*fd < 0 || fstat(*fd, &st) != 0)
		return failed(t->name);
	if (!S_ISREG(st.st_mode) && (st.st_uid == 0 || st.st_uid == geteuid()))
		return EXIT_OK;
	close(*fd);
	return complain(EXIT_FAILED, "%s: it belongs to somebody else", t->name);
}

static int open_part(struct target *t, int *fd)
{
	if (realpath(t->name, t->path) == NULL)
		snprintf(t->path, sizeof t->path, "%s", t->name);
	snprintf(t->part, sizeof t->part, "%s.part", t->path);
	(void)unlink(t->part);
	*fd = open(t->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	return *fd >= 0 ? EXIT_OK : failed(t->part);
}

static int open_file(struct export *ex, struct target *t)
{
	struct stat st;
	int fd, rc;

	ex->out = stdout;
	if (t->name == NULL && isatty(STDOUT_FILENO))
		return complain(EXIT_USAGE, "an export has secrets in it; use --out FILE, or --out - to have it on the terminal");
	if (t->name == NULL || strcmp(t->name, "-") == 0)
		return EXIT_OK;
	if (stat(t->name, &st) == 0 && !S_ISREG(st.st_mode))
		rc = open_in_place(t, &fd);
	else
		rc = open_part(t, &fd);
	if (rc != EXIT_OK)
		return rc;
	ex->out = fdopen(fd, "w");
	return ex->out != NULL ? EXIT_OK : failed(t->name);
}

static int close_file(struct export *ex, const struct target *t, int rc)
{
	bool part = t->path[0] != '\0';

	if (ex->out == stdout)
		return rc;
	if (fflush(ex->out) != 0 || (part && fsync(fileno(ex->out)) != 0))
		rc = failed(t->name);
	fclose(ex->out);
	if (part && rc == EXIT_OK && rename(t->part, t->path) != 0)
		rc = failed(t->path);
	if (part && rc != EXIT_OK)
		(void)unlink(t->part);
	return rc;
}

static int export_into(struct export *ex)
{
	struct target target = {.name = ex->ctl->values[OPTION_OUT]};
	int rc = open_file(ex, &target);

	if (rc != EXIT_OK)
		return rc;
	rc = close_file(ex, &target, export_all(ex));
	if (rc == EXIT_OK)
		summarise(ex);
	return rc == EXIT_OK && ex->failures > 0 ? EXIT_FAILED : rc;
}

int run_export(const struct call *call)
{
	struct export ex = {.ctl = call->ctl, .domain = STR_LIT("")};
	int rc = routerd_open(call->ctl, &handlers, &ex, &ex.routerd);

	if (rc != EXIT_OK)
		return rc;
	rc = routerd_check_writer(ex.routerd);
	if (rc == EXIT_OK)
		rc = find_accounts(&ex, call->argc > 0 ? call->argv[0] : NULL);
	if (rc == EXIT_OK)
		rc = export_into(&ex);
	routerd_close(&ex.routerd);
	for (uint32_t i = 0; i < ex.names.n; i++)
		free(ex.names.of[i]);
	ptrs_fini(&ex.names);
	return rc;
}
