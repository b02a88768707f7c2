/* Commands that are one request, whose answer is shown. */
#include "bus/textlist.h"
#include "ctl/clean.h"
#include "ctl/ctl.h"
#include "ctl/request.h"
#include "ctl/result.h"

struct query {
	struct result result;
	bool ended;
	int code;
	char text[1025];
};

static void on_columns(void *arg, uint64_t number, struct str names)
{
	(void)number;
	result_columns(&((struct query *)arg)->result, names);
}

static void on_row(void *arg, uint64_t number, struct str values)
{
	(void)number;
	result_row(&((struct query *)arg)->result, values);
}

static void on_end(void *arg, uint64_t number, const struct msg_ctl_end *end)
{
	struct query *q = arg;

	(void)number;
	q->ended = true;
	q->code = end->code;
	snprintf(q->text, sizeof q->text, "%.*s", STR_FMT(end->text));
}

static const struct answer_handlers handlers = {.columns = on_columns, .row = on_row, .end = on_end};

/* What failed shows how far it came, where it has something to show. */
static int show(const struct ctl *ctl, struct query *q)
{
	bool failed = q->code != EXIT_OK, table = q->result.has_columns && (!failed || q->result.rows.len > 0);

	if (q->result.too_large)
		return complain(EXIT_FAILED, "the answer is too long to be shown");
	if (table && ctl->json)
		json_print(stdout, &q->result);
	else if (table)
		table_print(stdout, &q->result, !ctl->quiet);
	else if (!failed)
		tell(ctl, q->text);
	return failed ? complain(q->code, "%s", q->text) : EXIT_OK;
}

/* The arguments of the verb: the options, then the others. */
static void put_arguments(const struct call *call, struct buf *args)
{
	for (unsigned option = 1; option <= call->ctl->options; option <<= 1)
		if (call->ctl->options & option)
			textlist_put(args, str_of(option_name(option)));
	for (int i = 0; i < call->argc; i++)
		textlist_put(args, str_of(call->argv[i]));
}

static int ask(const struct call *call, struct query *q)
{
	struct routerd *routerd = NULL;
	struct buf args = BUF_INIT;
	int rc = routerd_open(call->ctl, &handlers, q, &routerd);

	if (rc != EXIT_OK)
		return rc;
	put_arguments(call, &args);
	rc = routerd_ask(routerd, 1, call->command->verb, buf_str(&args));
	while (rc == EXIT_OK && !q->ended)
		rc = routerd_wait(routerd);
	buf_fini(&args);
	routerd_close(&routerd);
	/* The link may end right after the answer. */
	return q->ended ? EXIT_OK : rc;
}

int run_verb(const struct call *call)
{
	struct query q = {.ended = false};
	int rc = ask(call, &q);

	if (rc == EXIT_OK)
		rc = show(call->ctl, &q);
	result_fini(&q.result);
	return rc;
}
