/* Lists of texts in one blob. */
#include "bus/textlist.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "bus/wire.h"

enum { PREFIX = 4 };

static void put_prefix(uint8_t *at, uint32_t len)
{
	len = htobe32(len);
	memcpy(at, &len, sizeof len);
}

void textlist_put(struct buf *out, struct str text)
{
	uint8_t *at = buf_room(out, PREFIX + (size_t)text.len);

	if (at == NULL)
		return;
	put_prefix(at, text.len);
	if (text.len > 0)
		memcpy(at + PREFIX, text.p, text.len);
	buf_commit(out, PREFIX + (size_t)text.len);
}

void textlist_put_words(struct buf *out, const char *words)
{
	for (size_t len; *words != '\0'; words += len + (words[len] == ' ')) {
		len = strcspn(words, " ");
		textlist_put(out, str_make(words, len));
	}
}

void textlist_printf(struct buf *out, const char *fmt, ...)
{
	va_list ap, again;
	uint8_t *at;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	at = n >= 0 ? buf_room(out, PREFIX + (size_t)n + 1) : NULL;
	if (at != NULL) {
		put_prefix(at, (uint32_t)n);
		vsnprintf((char *)at + PREFIX, (size_t)n + 1, fmt, again);
		buf_commit(out, PREFIX + (size_t)n);
	}
	va_end(again);
	va_end(ap);
}

bool textlist_take(struct str *list, struct str *text)
{
	uint32_t len;

	if (list->len < PREFIX)
		return false;
	len = wire_u32_at((const uint8_t *)list->p);
	if (len > list->len - PREFIX)
		return false;
	*text = str_make(list->p + PREFIX, len);
	list->p += PREFIX + len;
	list->len -= PREFIX + len;
	return true;
}

bool textlist_take_number(struct str *list, uint64_t *number)
{
	struct str text;

	*number = 0;
	return textlist_take(list, &text) && decimal_read(text, UINT64_MAX, number);
}
