/* user import: many accounts, with several requests under way so that authd is never idle.
 *
 * A request's number is the number of its line. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/secret.h"
#include "bus/codes.h"
#include "bus/wire.h"
#include "ctl/clean.h"
#include "ctl/password.h"
#include "ctl/request.h"

/* A line of LINE_SIZE holds the longest JID and password: getline() then never moves it, and
 * leaves no copy behind. */
enum { UNDER_WAY_MAX = 64, BUFFER_SIZE = 65536, LINE_SIZE = 4096 };

struct import {
	FILE *file;
	char *buffer; /* the file's: it holds passwords and is wiped */
	char *line;
	size_t line_size;
	uint64_t number; /* of the last line read */
	bool at_end;
	bool given_up; /* nobody can do it for now: nothing more is read */
	uint64_t under_way[UNDER_WAY_MAX]; /* line numbers; 0: a free place */
	unsigned nunder_way;
	uint64_t done, failed;
};

static void fail(struct import *im, uint64_t number, struct str why)
{
	im->failed++;
	fprintf(stderr, "line %lu: ", (unsigned long)number);
	clean_put(stderr, why);
	fputc('\n', stderr);
}

/* The place that holds the number, or NULL. */
static uint64_t *place_of(struct import *im, uint64_t number)
{
	for (size_t i = 0; i < UNDER_WAY_MAX; i++)
		if (im->under_way[i] == number)
			return &im->under_way[i];
	return NULL;
}

static void on_end(void *arg, uint64_t number, const struct msg_ctl_end *end)
{
	struct import *im = arg;
	uint64_t *place = number != 0 ? place_of(im, number) : NULL;

	if (place == NULL)
		return;
	*place = 0;
	im->nunder_way--;
	if (end->code == EXIT_OK)
		im->done++;
	else
		fail(im, number, end->text);
	im->given_up |= end->code == EXIT_TEMPORARY;
	im->at_end |= im->given_up;
}

static const struct answer_handlers handlers = {.end = on_end};

static int send_line(struct import *im, struct routerd *routerd, struct str line)
{
	const char *tab = memchr(line.p, '\t', line.len);
	struct msg_account_put m = {.how = ACCOUNT_IMPORT};
	uint64_t *place;

	if (tab == NULL) {
		fail(im, im->number, STR_LIT("no tab between a JID and a password"));
		return EXIT_OK;
	}
	m.account = str_make(line.p, (size_t)(tab - line.p));
	m.password = str_make(tab + 1, line.len - m.account.len - 1);
	if (m.account.len == 0 || m.account.len > 2047 || m.password.len == 0 ||
		m.password.len > PASSWORD_MAX) {
		fail(im, im->number, STR_LIT("the JID or the password is empty or too long"));
		return EXIT_OK;
	}
	if (!wire_utf8_valid((const uint8_t *)m.account.p, m.account.len)) {
		fail(im, im->number, STR_LIT("the JID is not UTF-8"));
		return EXIT_OK;
	}
	place = place_of(im, 0);
	BUG_ON(place == NULL); /* so many are never under way */
	*place = im->number;
	im->nunder_way++;
	return routerd_put_account(routerd, im->number, &m);
}

/* Reads a line and sends it; empty ones are passed over. */
static int take_line(struct import *im, struct routerd *routerd)
{
	ssize_t n = getline(&im->line, &im->line_size, im->file);
	int rc = EXIT_OK;

	if (n < 0) {
		im->at_end = true;
		return ferror(im->file) ? complain(EXIT_FAILED, "the file cannot be read") : EXIT_OK;
	}
	im->number++;
	while (n > 0 && (im->line[n - 1] == '\n' || im->line[n - 1] == '\r'))
		n--;
	if (n > 0)
		rc = send_line(im, routerd, str_make(im->line, (size_t)n));
	secret_wipe(im->line, im->line_size);
	return rc;
}

static int pump(struct import *im, struct routerd *routerd)
{
	int rc = EXIT_OK;

	while (rc == EXIT_OK && (!im->at_end || im->nunder_way > 0)) {
		while (rc == EXIT_OK && !im->at_end && im->nunder_way < UNDER_WAY_MAX)
			rc = take_line(im, routerd);
		if (rc == EXIT_OK && im->nunder_way > 0)
			rc = routerd_wait(routerd);
	}
	return rc;
}

static int open_file(struct import *im, const char *path)
{
	im->file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	if (im->file == NULL)
		return complain(EXIT_FAILED, "%s: %s", path, strerror(errno));
	im->buffer = bh_alloc(BUFFER_SIZE);
	im->line_size = LINE_SIZE;
	im->line = bh_alloc(LINE_SIZE);
	setvbuf(im->file, im->buffer, _IOFBF, BUFFER_SIZE);
	return EXIT_OK;
}

static void close_file(struct import *im)
{
	secret_wipe(im->buffer, BUFFER_SIZE);
	fclose(im->file);
	free(im->buffer);
	free(im->line);
}

/* Lines without an answer may have been done or not: doing them again does no harm. */
static void summarise(const struct ctl *ctl, struct import *im)
{
	char text[128];

	for (size_t i = 0; i < UNDER_WAY_MAX; i++)
		if (im->under_way[i] != 0)
			fail(im, im->under_way[i], STR_LIT("no answer"));
	snprintf(text, sizeof text,
		ctl->json ? "[\n{\"imported\":\"%lu\",\"failed\":\"%lu\"}\n]"
			  : "%lu imported, %lu failed",
		(unsigned long)im->done, (unsigned long)im->failed);
	if (ctl->json)
		puts(text);
	else
		tell(ctl, text);
}

int run_user_import(const struct call *call)
{
	struct import im = {.file = NULL};
	struct routerd *routerd = NULL;
	int rc = open_file(&im, call->argv[0]);

	if (rc != EXIT_OK)
		return rc;
	rc = routerd_open(call->ctl, &handlers, &im, &routerd);
	if (rc == EXIT_OK)
		rc = routerd_check_writer(routerd);
	if (rc == EXIT_OK) {
		rc = pump(&im, routerd);
		summarise(call->ctl, &im);
	}
	routerd_close(&routerd);
	close_file(&im);
	if (rc == EXIT_OK && im.given_up)
		return EXIT_TEMPORARY;
	return rc == EXIT_OK && im.failed > 0 ? EXIT_FAILED : rc;
}
