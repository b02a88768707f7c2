/* In canonical form < and > occur in tags only, and a tag's second byte tells its kind. */
#include "xmpp/inner.h"

#include <string.h>

/* The length of the tag at the start of s, with its brackets; 0 where there is none. */
static uint32_t tag_length(struct str s)
{
	const char *end;

	if (s.len < 3 || s.p[0] != '<')
		return 0;
	end = memchr(s.p, '>', s.len);
	return end != NULL ? (uint32_t)(end - s.p) + 1 : 0;
}

/* The next tag in s; false where there is none. */
static bool seek_tag(struct str s, uint32_t *at)
{
	const char *tag = memchr(s.p + *at, '<', s.len - *at);

	if (tag == NULL)
		return false;
	*at = (uint32_t)(tag - s.p);
	return true;
}

bool inner_take(struct str *rest, struct str *element)
{
	uint32_t at = 0, depth = 0;

	do {
		struct str tag;

		if (at >= rest->len || !seek_tag(*rest, &at))
			return false;
		tag = str_make(rest->p + at, rest->len - at);
		tag.len = tag_length(tag);
		if (tag.len == 0)
			return false;
		if (tag.p[1] == '/')
			depth -= depth > 0;
		else if (tag.p[tag.len - 2] != '/')
			depth++;
		at += tag.len;
	} while (depth > 0);
	*element = str_make(rest->p, at);
	rest->p += at;
	rest->len -= at;
	return true;
}

struct str inner_contents(struct str element)
{
	uint32_t open = tag_length(element), close = element.len;

	if (open < 2 || element.p[open - 2] == '/')
		return STR_NONE;
	while (close > open && element.p[close - 1] != '<')
		close--;
	return close > open + 1 ? str_make(element.p + open, close - 1 - open) : STR_NONE;
}
