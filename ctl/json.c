/* Answers as JSON (RFC 8259). */
#include "bus/textlist.h"
#include "bus/wire.h"
#include "ctl/clean.h"
#include "ctl/result.h"

static void put_char(FILE *out, unsigned char c, bool utf8)
{
	if (c == '"' || c == '\\')
		fprintf(out, "\\%c", c);
	else if (c < 0x20 || c == 0x7f)
		fprintf(out, "\\u%04x", c);
	else if (c >= 0x80 && !utf8)
		fputs("\\ufffd", out);
	else
		fputc(c, out);
}

static void put_string(FILE *out, struct str text)
{
	bool utf8 = wire_utf8_valid((const unsigned char *)text.p, text.len);

	fputc('"', out);
	for (uint32_t i = 0; i < text.len; i++) {
		const unsigned char *p = (const unsigned char *)text.p + i;

		/* U+0080 to U+009F; the others are of one byte. */
		if (utf8 && *p == 0xc2 && clean_is_control(p, text.len - i))
			fprintf(out, "\\u%04x", text.p[++i] & 0xff);
		else
			put_char(out, *p, utf8);
	}
	fputc('"', out);
}

/* A column that the row has no value for is null. */
static void put_object(FILE *out, struct str names, struct str values)
{
	const char *separator = "";
	struct str name, value;

	fputc('{', out);
	while (textlist_take(&names, &name)) {
		fputs(separator, out);
		put_string(out, name);
		fputc(':', out);
		if (textlist_take(&values, &value))
			put_string(out, value);
		else
			fputs("null", out);
		separator = ",";
	}
	fputc('}', out);
}

void json_print(FILE *out, const struct result *r)
{
	const char *separator = "\n";
	struct str rows = buf_str(&r->rows);
	struct str row;

	fputc('[', out);
	while (textlist_take(&rows, &row)) {
		fputs(separator, out);
		put_object(out, buf_str(&r->columns), row);
		separator = ",\n";
	}
	fputs("\n]\n", out);
}

void json_row(FILE *out, struct str names, struct str values)
{
	put_object(out, names, values);
	fputc('\n', out);
}

void json_outcome(FILE *out, int code, const char *text)
{
	struct buf columns = BUF_INIT, values = BUF_INIT;

	textlist_put(&columns, STR_LIT("code"));
	textlist_put(&columns, STR_LIT("text"));
	textlist_printf(&values, "%d", code);
	textlist_put(&values, str_of(text));
	fputs("[\n", out);
	put_object(out, buf_str(&columns), buf_str(&values));
	fputs("\n]\n", out);
	buf_fini(&columns);
	buf_fini(&values);
}
