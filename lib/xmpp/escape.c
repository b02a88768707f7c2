/* Escaping: runs without special characters are found by words and copied whole. */
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

static const uint8_t text_specials[256] = {
	['&'] = AMP, ['<'] = LT, ['>'] = GT, ['\''] = APOS, ['"'] = QUOT, ['\r'] = CR,
};

static const uint8_t attribute_specials[256] = {
	['&'] = AMP, ['<'] = LT, ['>'] = GT, ['\''] = APOS, ['"'] = QUOT, ['\r'] = CR,
	['\t'] = TAB, ['\n'] = LF,
};

static const uint8_t *find_special(
	const uint8_t *p, const uint8_t *end, const uint8_t specials[256])
{
	while (p < end) {
		const uint8_t *stop;

		p = scan_plain(p, end, false);
		stop = end - p > 16 ? p + 16 : end;
		for (; p < stop; p++)
			if (specials[*p] != PLAIN)
				return p;
	}
	return end;
}

static void escape(struct buf *out, struct str text, const uint8_t specials[256])
{
	const uint8_t *p = (const uint8_t *)text.p;
	const uint8_t *end = p + text.len;

	while (p < end) {
		const uint8_t *stop = find_special(p, end, specials);

		buf_put(out, p, (size_t)(stop - p));
		if (stop == end)
			return;
		buf_put_str(out, references[specials[*stop]]);
		p = stop + 1;
	}
}

void escape_text(struct buf *out, struct str text)
{
	if (text.len > 0)
		escape(out, text, text_specials);
}

void escape_attribute(struct buf *out, struct str value)
{
	if (value.len > 0)
		escape(out, value, attribute_specials);
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
