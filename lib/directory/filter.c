/* Everything but letters, digits and a few marks is escaped. */
#include "directory/filter.h"

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
	       c == '.' || c == '@' || c == ',' || c == ' ';
}

void filter_put_value(struct buf *out, struct str value)
{
	for (uint32_t i = 0; i < value.len; i++) {
		if (is_plain(value.p[i]))
			buf_put_byte(out, (uint8_t)value.p[i]);
		else
			buf_printf(out, "\\%02x", (uint8_t)value.p[i]);
	}
}

void filter_put_equal(struct buf *out, const char *attribute, struct str value)
{
	buf_printf(out, "(%s=", attribute);
	filter_put_value(out, value);
	buf_put_byte(out, ')');
}

void filter_put_one(struct buf *out, const char *filter, const char *attribute, struct str value)
{
	buf_printf(out, "(&%s", filter);
	filter_put_equal(out, attribute, value);
	buf_put(out, ")", 2);
}
