/* Commands that are one request, whose answer is shown. */
#include "ctl/query.h"

#include "bus/textlist.h"
#include "ctl/clean.h"
#include "ctl/request.h"

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
int query_show(const struct call *call, struct query *q)
{
	const struct ctl *ctl = call->ctl;
	bool failed = q->code != EXIT_OK, table = q->result.has_columns && (!failed || q->result.rows.len > 0);
	bool empty = q->result.rows.len == 0 && q->text[0] != '\0';

	if (q->result.too_large)
		return complain(EXIT_FAILED, "the answer is too long to be shown");
	if (table && (ctl->json || !empty))
		result_print(call, &q->result);
	if (!failed && !(table && ctl->json))
		tell(ctl, q->text);
	return failed ? complain(q->code, "%s", q->text) : EXIT_OK;
}

int query_open(const struct ctl *ctl, struct query *q, struct routerd **out)
{
	*q = (struct query){.ended = false};
	return routerd_open(ctl, &handlers, q, out);
}

int query_wait(struct query *q, struct routerd **routerd, int rc)
{
	while (rc == EXIT_OK && !q->ended)
		rc = routerd_wait(*routerd);
	routerd_close(routerd);
	/* The link may end right after the answer. */
	return q->ended ? EXIT_OK : rc;
}

int query_ask(const struct ctl *ctl, const char *verb, struct str args, struct query *q)
{
	struct routerd *routerd = NULL;
	int rc = query_open(ctl, q, &routerd);

	return rc == EXIT_OK ? query_wait(q, &routerd, routerd_ask(routerd, 1, verb, args)) : rc;
}

/* Bare options, the arguments, the values of options. */
static void put_arguments(const struct call *call, struct buf *args)
{
	for (int i = 0; i < OPTIONS; i++)
		if (has_option(call->ctl, i) && options_info[i].told && !options_info[i].has_value)
			textlist_put(args, str_of(options_info[i].name));
	for (int i = 0; i < call->argc; i++)
		textlist_put(args, str_of(call->argv[i]));
	for (int i = 0; i < OPTIONS; i++)
		if (has_option(call->ctl, i) && options_info[i].told && options_info[i].has_value)
			textlist_put(args, str_of(call->ctl->values[i]));
}

int query_ask_command(const struct call *call, struct query *q)
{
	struct buf args = BUF_INIT;
	int rc;

	put_arguments(call, &args);
	rc = query_ask(call->ctl, call->command->verb, buf_str(&args), q);
	buf_fini(&args);
	return rc;
}

int run_verb(const struct call *call)
{
	struct query q;
	int rc = query_ask_command(call, &q);

	if (rc == EXIT_OK)
		rc = query_show(call, &q);
	result_fini(&q.result);
	return rc;
}
