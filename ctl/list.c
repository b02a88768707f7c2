/* user list, user count: what routerd lists, sifted here. */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "bus/textlist.h"
#include "ctl/query.h"

enum { NAME_SIZE = 3072 };

/* fnmatch(3) wants a string. */
static bool fits(const char *pattern, struct str value)
{
	char text[NAME_SIZE];

	snprintf(text, sizeof text, "%.*s", STR_FMT(value));
	return fnmatch(pattern, text, 0) == 0;
}

static void sift(struct result *all, const char *pattern)
{
	struct result left = RESULT_INIT;
	struct str rows = buf_str(&all->rows), row;

	result_columns(&left, buf_str(&all->columns));
	while (textlist_take(&rows, &row))
		if (fits(pattern, result_value(row, 0)))
			result_row(&left, row);
	result_fini(all);
	*all = left;
}

int run_user_list(const struct call *call)
{
	const char *pattern = call->ctl->values[OPTION_MATCH];
	struct query q;
	int rc = query_ask_command(call, &q);

	if (rc == EXIT_OK && pattern != NULL && q.result.has_columns)
		sift(&q.result, pattern);
	if (rc == EXIT_OK)
		rc = query_show(call, &q);
	result_fini(&q.result);
	return rc;
}

static struct str domain_of(struct str account)
{
	const char *at = memchr(account.p, '@', account.len);

	return at != NULL ? str_make(at + 1, (size_t)(account.p + account.len - at - 1)) : account;
}

static void put_count(struct result *out, struct str domain, unsigned n, unsigned disabled)
{
	struct buf row = BUF_INIT;

	textlist_put(&row, domain);
	textlist_printf(&row, "%u", n);
	textlist_printf(&row, "%u", disabled);
	result_row(out, buf_str(&row));
	buf_fini(&row);
}

/* The accounts come in the order of their domains, those of directories behind ours; no domain has both. */
static void count(const struct result *all, struct result *out)
{
	struct str rows = buf_str(&all->rows), row, domain, last = STR_NONE;
	unsigned n = 0, disabled = 0;

	while (textlist_take(&rows, &row)) {
		domain = domain_of(result_value(row, 0));
		if (n > 0 && !str_eq(domain, last)) {
			put_count(out, last, n, disabled);
			n = disabled = 0;
		}
		n++;
		disabled += str_is(result_value(row, 1), "disabled");
		last = domain;
	}
	if (n > 0)
		put_count(out, last, n, disabled);
}

int run_user_count(const struct call *call)
{
	struct query q, counted = {.ended = true};
	int rc = query_ask_command(call, &q);

	counted.code = q.code;
	snprintf(counted.text, sizeof counted.text, "%s", q.text);
	if (rc == EXIT_OK && q.result.has_columns) {
		result_name_columns(&counted.result, "domain accounts disabled");
		count(&q.result, &counted.result);
	}
	if (rc == EXIT_OK)
		rc = query_show(call, &counted);
	result_fini(&counted.result);
	result_fini(&q.result);
	return rc;
}
