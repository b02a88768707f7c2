/* `trace`: rows are shown while they come. */
#include "bus/textlist.h"
#include "ctl/clean.h"
#include "ctl/ctl.h"
#include "ctl/request.h"
#include "ctl/result.h"

/* Of a row, in the order of routerd's columns. */
enum column { TIME, DIRECTION, CONNECTION, SESSION, STANZA, LOST, NCOLUMNS };

struct tracing {
	const struct ctl *ctl;
	struct routerd *routerd;
	struct buf names;
	bool ended;
	int code;
	char text[1025];
};

static void on_columns(void *arg, uint64_t number, struct str names)
{
	struct tracing *t = arg;

	(void)number;
	buf_put_str(&t->names, names);
	if (!t->ctl->quiet)
		fputs("Tracing; Ctrl-C ends it.\n", stderr);
}

static void show(struct str values)
{
	struct str cells[NCOLUMNS] = {{0}};

	for (unsigned i = 0; i < NCOLUMNS; i++)
		if (!textlist_take(&values, &cells[i]))
			return;
	if (!str_is(cells[LOST], "0")) {
		fputs("-- ", stdout);
		clean_put(stdout, cells[LOST]);
		puts(" stanzas are not shown: this terminal is too slow --");
	}
	for (unsigned i = 0; i <= STANZA; i++) {
		clean_put(stdout, cells[i]);
		putchar(i < STANZA ? ' ' : '\n');
	}
}

static void on_row(void *arg, uint64_t number, struct str values)
{
	const struct tracing *t = arg;

	(void)number;
	if (t->ctl->json)
		json_row(stdout, buf_str(&t->names), values);
	else
		show(values);
	if (fflush(stdout) != 0)
		routerd_leave(t->routerd);
}

static void on_end(void *arg, uint64_t number, const struct msg_ctl_end *end)
{
	struct tracing *t = arg;

	(void)number;
	t->ended = true;
	t->code = end->code;
	snprintf(t->text, sizeof t->text, "%.*s", STR_FMT(end->text));
	routerd_leave(t->routerd);
}

static const struct answer_handlers handlers = {.columns = on_columns, .row = on_row, .end = on_end};

static int ask(struct tracing *t, const struct call *call)
{
	struct buf args = BUF_INIT;
	int rc;

	if (has_option(call->ctl, OPTION_BODIES))
		textlist_put(&args, str_of(options_info[OPTION_BODIES].name));
	textlist_put(&args, str_of(call->argv[0]));
	rc = routerd_ask(t->routerd, 1, call->command->verb, buf_str(&args));
	buf_fini(&args);
	return rc;
}

int run_trace(const struct call *call)
{
	struct tracing t = {.ctl = call->ctl};
	unsigned seconds = 0;
	int rc = seconds_of(call->ctl, OPTION_FOR, &seconds);

	if (rc == EXIT_OK)
		rc = routerd_open(call->ctl, &handlers, &t, &t.routerd);
	if (rc == EXIT_OK)
		rc = ask(&t, call);
	if (rc == EXIT_OK)
		rc = routerd_follow(t.routerd, seconds);
	routerd_close(&t.routerd);
	buf_fini(&t.names);
	return rc == EXIT_OK && t.ended ? complain(t.code, "%s", t.text) : rc;
}
