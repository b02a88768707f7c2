/* import: accounts are read one after the other, and several are on their way to routerd at a time. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "bus/codes.h"
#include "bus/textlist.h"
#include "ctl/clean.h"
#include "ctl/move/ejabberd.h"
#include "ctl/move/moved.h"
#include "ctl/move/pie.h"
#include "ctl/move/prosody.h"
#include "ctl/request.h"
#include "ctl/result.h"

enum { UNDER_WAY_MAX = 32, BYTES_UNDER_WAY = 32 * 1024 * 1024, DATA_MAX = 16 * 1024 * 1024 };

/* An account that was read: first its keys or password go, then its data. */
struct under_way {
	char *name; /* NULL: a free place */
	struct buf data, notes;
	bool disabled;
	unsigned outcome; /* enum move_outcome, of the first step */
};

struct import {
	const struct ctl *ctl;
	struct routerd *routerd;
	struct under_way under_way[UNDER_WAY_MAX];
	unsigned nunder_way;
	size_t bytes; /* of their data */
	bool given_up; /* nobody answers for now: nothing more is read */
	struct result report;
	uint64_t counts[MOVE_ELSEWHERE]; /* by enum move_outcome; that is none in the end */
};

static const char *const words[] = {
	[MOVE_FAILED] = "failed", [MOVE_MADE] = "made", [MOVE_UPDATED] = "updated", [MOVE_UNCHANGED] = "unchanged"};

/* A request's number says whose it is, and which step. */
static uint64_t number_of(const struct import *im, const struct under_way *u)
{
	return (uint64_t)(u - im->under_way) + 1;
}

static void note(struct import *im, struct str name, unsigned outcome, struct str text)
{
	struct buf row = BUF_INIT;

	im->counts[outcome]++;
	textlist_put(&row, name);
	textlist_put(&row, str_of(words[outcome]));
	textlist_put(&row, text);
	result_row(&im->report, buf_str(&row));
	buf_fini(&row);
	if (outcome != MOVE_FAILED)
		return;
	clean_put(stderr, name);
	fputs(": ", stderr);
	clean_put(stderr, text);
	fputc('\n', stderr);
}

/* The account is done with. */
static void finish(struct import *im, struct under_way *u, unsigned outcome, struct str why)
{
	note(im, str_of(u->name), outcome, outcome == MOVE_FAILED ? why : buf_str(&u->notes));
	im->bytes -= u->data.len;
	im->nunder_way--;
	free(u->name);
	buf_fini(&u->data);
	buf_fini(&u->notes);
	*u = (struct under_way){0};
}

static void send_data(struct import *im, struct under_way *u)
{
	struct msg_user_put put = {
		.account = str_of(u->name),
		.dry = has_option(im->ctl, OPTION_DRY_RUN),
		.data = buf_str(&u->data),
	};

	/* What is not made yet has nothing to compare with. */
	if (u->data.len == 0 || (put.dry && u->outcome == MOVE_MADE))
		finish(im, u, u->outcome, STR_NONE);
	else if (routerd_put_user(im->routerd, 2 * number_of(im, u) + 1, &put) != EXIT_OK)
		finish(im, u, MOVE_FAILED, STR_LIT("it could not be sent"));
}

static void on_account(struct import *im, struct under_way *u, unsigned outcome)
{
	u->outcome = outcome;
	if (outcome == MOVE_ELSEWHERE) {
		u->outcome = MOVE_UNCHANGED;
		buf_printf(&u->notes, "%sa directory keeps its password%s", u->notes.len > 0 ? "; " : "",
			u->disabled ? ", and says itself whether it is disabled" : "");
	}
	send_data(im, u);
}

/* The one that an answer is for; NULL where it is for none. */
static struct under_way *find(struct import *im, uint64_t number)
{
	uint64_t at = number / 2;

	return at >= 1 && at <= UNDER_WAY_MAX && im->under_way[at - 1].name != NULL ? &im->under_way[at - 1] : NULL;
}

static void on_moved(void *arg, uint64_t number, const struct msg_moved *m)
{
	struct import *im = arg;
	struct under_way *u = find(im, number);

	if (u == NULL)
		return;
	if (m->code != EXIT_OK || m->outcome == MOVE_FAILED || m->outcome > MOVE_ELSEWHERE)
		finish(im, u, MOVE_FAILED, m->text);
	else if (number % 2 == 0)
		on_account(im, u, m->outcome);
	else
		finish(im, u, u->outcome == MOVE_UNCHANGED ? m->outcome : u->outcome, STR_NONE);
}

static void on_end(void *arg, uint64_t number, const struct msg_ctl_end *end)
{
	struct import *im = arg;
	struct under_way *u = find(im, number);

	if (u != NULL)
		finish(im, u, MOVE_FAILED, end->text);
	im->given_up = true;
}

static const struct answer_handlers handlers = {.end = on_end, .moved = on_moved};

/* ---- an account was read ----------------------------------------------------------------------------------- */

static bool has_credentials(const struct moved *m)
{
	return m->password.len > 0 || m->keys[MOVED_SHA1].iterations > 0 || m->keys[MOVED_SHA256].iterations > 0;
}

static int send_account(struct import *im, struct under_way *u, const struct moved *m)
{
	const struct moved_keys *sha1 = &m->keys[MOVED_SHA1], *sha256 = &m->keys[MOVED_SHA256];
	struct msg_account_move move = {
		.account = str_of(u->name),
		.dry = has_option(im->ctl, OPTION_DRY_RUN),
		.disabled = m->disabled,
		.reason = m->reason.len > 0 ? buf_str(&m->reason) : STR_NONE,
		.password = buf_str(&m->password),
		.sha1_iterations = sha1->iterations,
		.sha1_salt = buf_str(&sha1->salt),
		.sha1_stored = buf_str(&sha1->stored),
		.sha1_server = buf_str(&sha1->server),
		.sha256_iterations = sha256->iterations,
		.sha256_salt = buf_str(&sha256->salt),
		.sha256_stored = buf_str(&sha256->stored),
		.sha256_server = buf_str(&sha256->server),
	};

	return routerd_move_account(im->routerd, 2 * number_of(im, u), &move);
}

/* Waits for a free place. */
static int have_room(struct import *im, struct under_way **u)
{
	int rc = EXIT_OK;

	while (rc == EXIT_OK && (im->nunder_way == UNDER_WAY_MAX || im->bytes > BYTES_UNDER_WAY))
		rc = routerd_wait(im->routerd);
	for (size_t i = 0; i < UNDER_WAY_MAX; i++)
		if (im->under_way[i].name == NULL)
			*u = &im->under_way[i];
	return rc == EXIT_OK && im->given_up ? EXIT_TEMPORARY : rc;
}

static int take(void *arg, const struct moved *m)
{
	struct import *im = arg;
	struct under_way *u = NULL;
	const char *why = m->refused;
	int rc;

	if (*why == '\0' && m->data.len > DATA_MAX)
		why = "it has more than 16 MiB of data";
	else if (*why == '\0' && m->data.len == 0 && !has_credentials(m) && !m->disabled)
		why = "it has neither a password, nor keys, nor data";
	if (*why != '\0') {
		note(im, str_of(m->name), MOVE_FAILED, str_of(why));
		return EXIT_OK;
	}
	rc = have_room(im, &u);
	if (rc != EXIT_OK)
		return rc;
	BUG_ON(u == NULL);
	u->name = bh_strndup(m->jid.bare.p, m->jid.bare.len);
	u->outcome = MOVE_UNCHANGED;
	u->disabled = m->disabled;
	buf_put_str(&u->data, buf_str(&m->data));
	buf_put_str(&u->notes, buf_str(&m->notes));
	im->bytes += u->data.len;
	im->nunder_way++;
	if (has_credentials(m) || m->disabled)
		return send_account(im, u, m);
	send_data(im, u);
	return EXIT_OK;
}

/* ---- all of them ------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	int (*read)(const char *path, const struct moved_taker *taker);
} formats[] = {
	{"xep0227", pie_read},
	{"ejabberd", ejabberd_read},
	{"prosody", prosody_read},
};

static int read_all(struct import *im, const char *path)
{
	const struct moved_taker taker = {take, im};
	const char *format = im->ctl->values[OPTION_FORMAT];

	if (format == NULL)
		format = ejabberd_is(path) ? "ejabberd" : prosody_is(path) ? "prosody" : "xep0227";
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
		if (strcmp(formats[i].name, format) == 0)
			return formats[i].read(path, &taker);
	return complain(EXIT_USAGE, "'%s' is no format; there are xep0227, ejabberd and prosody", format);
}

/* Those without an answer may have been done or not: doing them again does no harm. */
static int await_all(struct import *im)
{
	int rc = EXIT_OK;

	while (rc == EXIT_OK && im->nunder_way > 0)
		rc = routerd_wait(im->routerd);
	if (rc == EXIT_OK && im->given_up)
		rc = EXIT_TEMPORARY;
	for (size_t i = 0; i < UNDER_WAY_MAX; i++)
		if (im->under_way[i].name != NULL)
			finish(im, &im->under_way[i], MOVE_FAILED, STR_LIT("no answer"));
	return rc;
}

static int write_report(const struct import *im)
{
	FILE *out = fopen(im->ctl->values[OPTION_REPORT], "we");

	if (out == NULL)
		return complain(EXIT_FAILED, "%s: %s", im->ctl->values[OPTION_REPORT], strerror(errno));
	if (im->ctl->json)
		json_print(out, &im->report);
	else
		table_print(out, &im->report, true);
	if (ferror(out) != 0 || fclose(out) != 0)
		return complain(EXIT_FAILED, "%s cannot be written", im->ctl->values[OPTION_REPORT]);
	return EXIT_OK;
}

static int summarise(const struct import *im)
{
	char text[160];

	snprintf(text, sizeof text, "%s%lu made, %lu updated, %lu unchanged, %lu failed",
		has_option(im->ctl, OPTION_DRY_RUN) ? "nothing was changed; there would be: " : "",
		(unsigned long)im->counts[MOVE_MADE], (unsigned long)im->counts[MOVE_UPDATED],
		(unsigned long)im->counts[MOVE_UNCHANGED], (unsigned long)im->counts[MOVE_FAILED]);
	if (im->ctl->json)
		json_print(stdout, &im->report);
	else
		tell(im->ctl, text);
	return im->ctl->values[OPTION_REPORT] != NULL ? write_report(im) : EXIT_OK;
}

int run_import(const struct call *call)
{
	struct import *im = bh_alloc(sizeof *im);
	int rc, waited = EXIT_OK, told;

	im->ctl = call->ctl;
	result_name_columns(&im->report, "account result note");
	rc = routerd_open(call->ctl, &handlers, im, &im->routerd);
	if (rc == EXIT_OK && (rc = routerd_check_writer(im->routerd)) != EXIT_OK)
		routerd_close(&im->routerd);
	if (rc == EXIT_OK) {
		rc = read_all(im, call->argv[0]);
		waited = await_all(im);
		routerd_close(&im->routerd);
		told = summarise(im);
		rc = rc != EXIT_OK ? rc : waited != EXIT_OK ? waited : told;
	}
	if (rc == EXIT_OK && im->counts[MOVE_FAILED] > 0)
		rc = EXIT_FAILED;
	result_fini(&im->report);
	free(im);
	return rc;
}
