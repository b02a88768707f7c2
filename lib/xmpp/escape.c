/* Escaping: runs without special characters are copied whole. */
#include "xmpp/escape.h"

#include "xmpp/scan.h"

enum special { PLAIN, AMP, LT, GT, APOS, QUOT, CR, TAB, LF };

static const struct str references[] = {
	[AMP] = {"&amp;", 5},
	[LT] = {"&lt;", 4},
	[GT] = {"&gt;", 4},
	[APOS] = {"&apos;", 6},
	[QUOT] = {"&quot;", 6},
	[CR] = {"&#13;", 5},
	[TAB] = {"&#9;", 4},
	[LF] = {"&#10;", 5},
};

static const uint8_t specials[256] = {
	['&'] = AMP, ['<'] = LT, ['>'] = GT, ['\''] = APOS, ['"'] = QUOT, ['\r'] = CR, ['\t'] = TAB,
	['\n'] = LF,
};

/* A control character that XML does not have goes on as it is: it never comes here. */
static void escape(struct buf *out, struct str text, unsigned stop)
{
	const uint8_t *p = (const uint8_t *)text.p;
	const uint8_t *end = p + text.len;
	const uint8_t *start = p;

	while ((p = scan_plain(p, end, stop)) < end) {
		if (specials[*p] != PLAIN) {
			buf_put(out, start, (size_t)(p - start));
			buf_put_str(out, references[specials[*p]]);
			start = p + 1;
		}
		p++;
	}
	buf_put(out, start, (size_t)(end - start));
}

void escape_text(struct buf *out, struct str text)
{
	if (text.len > 0)
		escape(out, text, 0);
}

void escape_attribute(struct buf *out, struct str value)
{
	if (value.len > 0)
		escape(out, value, SCAN_BLANK);
}

void escape_put_attribute(struct buf *out, const char *name, struct str value)
{
	if (value.p == NULL)
		return;
	buf_put_byte(out, ' ');
	buf_put(out, name, strlen(name));
	buf_put_lit(out, "='");
	escape_attribute(out, value);
	buf_put_byte(out, '\'');
}
