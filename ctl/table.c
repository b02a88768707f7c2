/* Answers as tables. */
#include <ctype.h>

#include "bus/textlist.h"
#include "ctl/clean.h"
#include "ctl/result.h"

enum { GAP = 2 };

static struct str shown(struct str value)
{
	return value.len > 0 ? value : STR_LIT("-");
}

/* Makes each column as wide as its value in this list; the number of columns. */
static size_t widen(size_t widths[RESULT_COLUMNS_MAX], struct str list, size_t most)
{
	struct str value;
	size_t n = 0;

	for (; n < most && textlist_take(&list, &value); n++) {
		size_t width = clean_width(shown(value));

		if (width > widths[n])
			widths[n] = width;
	}
	return n;
}

static void print_line(FILE *out, struct str list, const size_t *widths, size_t ncolumns)
{
	size_t padding = 0;
	struct str value;

	for (size_t i = 0; i < ncolumns && textlist_take(&list, &value); i++) {
		value = shown(value);
		fprintf(out, "%*s", (int)padding, "");
		clean_put(out, value);
		padding = widths[i] + GAP - clean_width(value);
	}
	fputc('\n', out);
}

static void print_header(FILE *out, struct str names, const size_t *widths, size_t ncolumns)
{
	struct buf upper = BUF_INIT;
	struct str name;

	while (textlist_take(&names, &name)) {
		char text[64];
		size_t n = name.len < sizeof text ? name.len : sizeof text;

		for (size_t i = 0; i < n; i++)
			text[i] = (char)toupper((unsigned char)name.p[i]);
		textlist_put(&upper, str_make(text, n));
	}
	print_line(out, buf_str(&upper), widths, ncolumns);
	buf_fini(&upper);
}

void table_print(FILE *out, const struct result *r, bool header)
{
	size_t widths[RESULT_COLUMNS_MAX] = {0};
	size_t ncolumns = widen(widths, buf_str(&r->columns), RESULT_COLUMNS_MAX);
	struct str rows = buf_str(&r->rows);
	struct str row;

	while (textlist_take(&rows, &row))
		widen(widths, row, ncolumns);
	if (header)
		print_header(out, buf_str(&r->columns), widths, ncolumns);
	rows = buf_str(&r->rows);
	while (textlist_take(&rows, &row))
		print_line(out, row, widths, ncolumns);
}

void upright_print(FILE *out, const struct result *r)
{
	struct str rows = buf_str(&r->rows), row, names, name, value;
	size_t width = 0;

	for (names = buf_str(&r->columns); textlist_take(&names, &name);)
		width = name.len > width ? name.len : width;
	while (textlist_take(&rows, &row)) {
		names = buf_str(&r->columns);
		while (textlist_take(&names, &name) && textlist_take(&row, &value)) {
			fprintf(out, "%.*s:%*s", STR_FMT(name), (int)(width + GAP - name.len), "");
			clean_put(out, shown(value));
			fputc('\n', out);
		}
	}
}
