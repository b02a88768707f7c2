/* A look at the raw bytes before libxml2 gets them: it would call back about a DTD, a comment
 * or a PI only when the whole of it has arrived, and would follow other encodings.
 *
 * '<' is no character of an attribute value, so that outside of CDATA each one begins markup,
 * and no more has to be tracked than CDATA sections. */
#include <string.h>

#include "xmpp/reader_private.h"

static bool refuse(struct refusal *why, int condition, const char *reason)
{
	why->condition = condition;
	why->reason = reason;
	return false;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

size_t guard_blanks(const uint8_t *p, size_t n)
{
	size_t i = 0;

	while (i < n && is_blank(p[i]))
		i++;
	return i;
}

static bool looks_like_http(const uint8_t *p, size_t n)
{
	static const char *const methods[] = {"GET ", "POST ", "HEAD ", "PUT ", "OPTIONS ",
		"CONNECT ", "DELETE ", "PATCH ", "PRI * "};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		size_t len = strlen(methods[i]);

		if (memcmp(p, methods[i], n < len ? n : len) == 0)
			return true;
	}
	return false;
}

void guard_first(const uint8_t *p, size_t n, struct refusal *why)
{
	if (p[0] == '<')
		return;
	if (p[0] == 0xfe || p[0] == 0xff)
		refuse(why, STREAM_UNSUPPORTED_ENCODING, "UTF-16");
	else if (p[0] == 0xef)
		refuse(why, STREAM_NOT_WELL_FORMED, "byte order mark"); /* RFC 6120, 11.6 */
	else if (p[0] == 0x16)
		refuse(why, STREAM_NOT_WELL_FORMED, "TLS handshake on a plain-text port");
	else if (p[0] == 0)
		refuse(why, STREAM_NOT_WELL_FORMED, "NUL byte instead of XML");
	else if (looks_like_http(p, n))
		refuse(why, STREAM_NOT_WELL_FORMED, "HTTP request on an XMPP port");
	else
		refuse(why, STREAM_NOT_WELL_FORMED, "not XML");
}

/* The byte after '<'. */
static bool after_lt(struct guard *g, uint8_t c, struct refusal *why)
{
	bool first = g->first;

	if (c == '?' && !first)
		return refuse(why, STREAM_RESTRICTED_XML, "processing instruction");
	if (c == 0 && first)
		return refuse(why, STREAM_UNSUPPORTED_ENCODING, "UTF-16");
	g->first = false;
	g->matched = 0;
	g->state = c == '?' ? GUARD_DECLARATION : c == '!' ? GUARD_BANG : GUARD_TEXT;
	return true;
}

/* A byte after "<!": only a CDATA section may come. */
static bool after_bang(struct guard *g, uint8_t c, struct refusal *why)
{
	static const char cdata[] = "[CDATA[";

	if (g->matched == 0 && c == '-')
		return refuse(why, STREAM_RESTRICTED_XML, "comment");
	if (g->matched == 0 && c != '[')
		return refuse(why, STREAM_RESTRICTED_XML, "DTD");
	if (c != (uint8_t)cdata[g->matched])
		return refuse(why, STREAM_NOT_WELL_FORMED, "neither markup nor CDATA");
	g->matched++;
	if (g->matched == sizeof(cdata) - 1) {
		g->matched = 0;
		g->state = GUARD_CDATA;
	}
	return true;
}

/* A byte after "<?" at the very beginning: "xml" and a blank. */
static bool after_question(struct guard *g, uint8_t c, struct refusal *why)
{
	static const char declaration[] = "xml";

	if (g->matched == 3 ? !is_blank(c) : c != (uint8_t)declaration[g->matched])
		return refuse(why, STREAM_RESTRICTED_XML, "processing instruction");
	if (g->matched++ == 3)
		g->state = GUARD_TEXT;
	return true;
}

static bool markup_byte(struct guard *g, uint8_t c, struct refusal *why)
{
	if (g->state == GUARD_LT)
		return after_lt(g, c, why);
	if (g->state == GUARD_BANG)
		return after_bang(g, c, why);
	return after_question(g, c, why);
}

static const uint8_t *text_bytes(struct guard *g, const uint8_t *at, const uint8_t *end)
{
	while (at < end) {
		at = memchr(at, '<', (size_t)(end - at));
		if (at == NULL)
			return end;
		at++;
		if (at == end || *at == '!' || *at == '?' || g->first) {
			g->state = GUARD_LT;
			return at;
		}
	}
	return end;
}

static const uint8_t *cdata_bytes(struct guard *g, const uint8_t *at, const uint8_t *end)
{
	while (at < end) {
		if (g->matched == 0) {
			at = memchr(at, ']', (size_t)(end - at));
			if (at == NULL)
				return end;
			g->matched = 1;
		} else if (*at == ']') {
			g->matched = 2;
		} else if (*at == '>' && g->matched == 2) {
			g->state = GUARD_TEXT;
			return at + 1;
		} else {
			g->matched = 0;
		}
		at++;
	}
	return end;
}

size_t guard_scan(struct guard *g, const uint8_t *p, size_t n, struct refusal *why)
{
	const uint8_t *at = p;
	const uint8_t *end = p + n;

	while (at < end) {
		if (g->state == GUARD_TEXT)
			at = text_bytes(g, at, end);
		else if (g->state == GUARD_CDATA)
			at = cdata_bytes(g, at, end);
		else if (markup_byte(g, *at, why))
			at++;
		else
			break;
	}
	return (size_t)(at - p);
}
