/* Collecting an answer. */
#include "ctl/result.h"

#include "bus/textlist.h"
#include "ctl/ctl.h"

/* Of rows; more than any server has sessions. */
#define SIZE_LIMIT (1u << 30)

void result_fini(struct result *r)
{
	buf_fini(&r->columns);
	buf_fini(&r->rows);
	*r = RESULT_INIT;
}

void result_columns(struct result *r, struct str names)
{
	buf_clear(&r->columns);
	buf_put_str(&r->columns, names);
	r->has_columns = true;
}

void result_name_columns(struct result *r, const char *names)
{
	struct buf list = BUF_INIT;

	textlist_put_words(&list, names);
	result_columns(r, buf_str(&list));
	buf_fini(&list);
}

void result_row(struct result *r, struct str values)
{
	if (r->rows.len + values.len > SIZE_LIMIT)
		r->too_large = true;
	else
		textlist_put(&r->rows, values);
	r->too_large = r->too_large || buf_failed(&r->rows);
}

void result_texts(struct result *r, const char *const *values)
{
	struct buf row = BUF_INIT;

	for (; *values != NULL; values++)
		textlist_put(&row, str_of(*values));
	result_row(r, buf_str(&row));
	buf_fini(&row);
}

void result_print(const struct call *call, const struct result *r)
{
	if (call->ctl->json)
		json_print(stdout, r);
	else if (call->command->upright)
		upright_print(stdout, r);
	else
		table_print(stdout, r, !call->ctl->quiet);
}

struct str result_value(struct str row, unsigned column)
{
	struct str value = STR_NONE;

	for (unsigned i = 0; i <= column; i++)
		if (!textlist_take(&row, &value))
			return STR_NONE;
	return value;
}
