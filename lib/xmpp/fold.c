/* The first half of a stringprep profile; ASCII, which is the most, goes past libidn. */
#include "xmpp/fold.h"

#include <stringprep.h>

#include "base/err.h"
#include "xmpp/xmlcheck.h"

/* Of FOLD_MAX bytes: a character becomes eleven times as many bytes at most (U+FDFA). */
enum { FOLDED_MAX = 12 * FOLD_MAX, STEPS_MAX = 4 };

/* RFC 4518, 2.2 and 2.3: the mapping of nameprep, which is the same.  Nothing is prohibited: what a directory holds may
 * be compared. */
static void mapping(Stringprep_profile out[STEPS_MAX + 1])
{
	size_t n = 0;

	for (const Stringprep_profile *p = stringprep_nameprep; p->operation != 0 && n < STEPS_MAX; p++)
		if (p->operation == STRINGPREP_MAP_TABLE || p->operation == STRINGPREP_NFKC)
			out[n++] = *p;
	out[n] = (Stringprep_profile){0};
}

static bool is_ascii(struct str text)
{
	for (uint32_t i = 0; i < text.len; i++)
		if ((uint8_t)text.p[i] >= 0x80)
			return false;
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* 2.6.1, without the blanks that only tell an empty value from none. */
static void put(struct buf *out, struct str text)
{
	bool blank = false, any = false;

	for (uint32_t i = 0; i < text.len; i++) {
		char c = text.p[i];

		if (is_blank(c)) {
			blank = any;
			continue;
		}
		if (blank)
			buf_put_byte(out, ' ');
		buf_put_byte(out, (uint8_t)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c));
		blank = false;
		any = true;
	}
}

int fold_text(struct buf *out, struct str text)
{
	Stringprep_profile profile[STEPS_MAX + 1];
	char folded[FOLDED_MAX + 1];

	if (text.len > FOLD_MAX || !xmlcheck_text(text))
		return BH_EINVAL;
	if (is_ascii(text)) {
		put(out, text);
		return 0;
	}
	memcpy(folded, text.p, text.len);
	folded[text.len] = '\0';
	mapping(profile);
	if (stringprep(folded, sizeof folded, 0, profile) != STRINGPREP_OK)
		return BH_EINVAL;
	put(out, str_of(folded));
	return 0;
}
