/* Quotations, comments and characters are passed over as wholes; nothing is understood. */
#include "ctl/move/erl_scan.h"

#include <stddef.h>

#include "base/err.h"

static bool is_blank(char c)
{
	return c != '\0' && strchr(" \t\r\n\f\v", c) != NULL;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '@';
}

static const char *skip_line(const char *at, const char *end)
{
	const char *stop = memchr(at, '\n', (size_t)(end - at));

	return stop != NULL ? stop : end;
}

const char *erl_skip(const char *at, const char *end)
{
	while (at < end && (is_blank(*at) || *at == '%'))
		at = *at == '%' ? skip_line(at, end) : at + 1;
	return at;
}

const char *erl_skip_quoted(const char *at, const char *end, char quote)
{
	for (; at < end; at++) {
		if (*at == quote)
			return at + 1;
		if (*at == '\\' && ++at == end)
			return NULL;
	}
	return NULL;
}

const char *erl_step(const char *at, const char *end)
{
	ptrdiff_t n = 1;

	if (*at == '"' || *at == '\'')
		return erl_skip_quoted(at + 1, end, *at);
	if (*at == '%')
		return skip_line(at, end);
	if (*at == '$')
		n = end - at >= 2 && at[1] == '\\' ? 3 : 2;
	return end - at >= n ? at + n : NULL;
}

/* ---- terms of a text -------------------------------------------------------------------------------------------- */

/* The dot of one that begins there, which a blank follows, or nothing; NULL where there is none. */
static const char *find_dot(const char *at, const char *end)
{
	while (at != NULL && at < end) {
		if (*at == '.' && (at + 1 == end || is_blank(at[1]) || at[1] == '%'))
			return at;
		at = erl_step(at, end);
	}
	return NULL;
}

int erl_next(struct str *text, struct str *term)
{
	const char *end = text->p + text->len, *begin, *dot;

	if (text->len == 0)
		return 0;
	begin = erl_skip(text->p, end);
	dot = find_dot(begin, end);
	*text = str_make(begin, (size_t)(end - begin));
	if (begin == end)
		return 0;
	if (dot == NULL)
		return BH_EPROTO;
	*term = str_make(begin, (size_t)(dot - begin));
	*text = str_make(dot + 1, (size_t)(end - dot - 1));
	return 1;
}

struct str erl_word(const char *at, const char *end)
{
	const char *begin = at;

	while (at < end && is_word(*at))
		at++;
	return str_make(begin, (size_t)(at - begin));
}

struct str erl_tag(struct str term)
{
	const char *end = term.p + term.len, *at = erl_skip(term.p, end);

	if (at == end || *at != '{')
		return STR_LIT("");
	at = erl_skip(at + 1, end);
	return at < end && *at >= 'a' && *at <= 'z' ? erl_word(at, end) : STR_LIT("");
}
