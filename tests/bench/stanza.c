/* Cuts a stream into stanzas by the depth of its tags, and finds texts in them. */
#include "tests/bench/stanza.h"

#include "tests/bench/conn.h"
#include "tests/bench/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Length of the first stanza, or 0 when it is not all there. */
static size_t length(const char *data, size_t len)
{
	const char *at = data, *end = data + len;
	int depth = 0;

	while ((at = memchr(at, '<', (size_t)(end - at))) != NULL) {
		const char *close = memchr(at, '>', (size_t)(end - at));

		if (close == NULL)
			return 0;
		if (at[1] == '/')
			depth--;
		else if (close[-1] != '/')
			depth++;
		at = close + 1;
		if (depth <= 0)
			return (size_t)(at - data);
	}
	return 0;
}

static struct str skip_space(const char *p, size_t len)
{
	while (len > 0 && (*p == ' ' || *p == '\n')) {
		p++;
		len--;
	}
	return str_make(p, len);
}

size_t stanza_each(struct conn *c, const char *data, size_t len,
	void (*take)(struct conn *c, struct str stanza))
{
	size_t used = 0, n;

	while (!c->dead && !c->closing && (n = length(data + used, len - used)) > 0) {
		take(c, skip_space(data + used, n));
		used += n;
	}
	return c->dead || c->closing ? len : used;
}

static struct str first_tag(struct str s)
{
	const char *close = memchr(s.p, '>', s.len);

	return str_make(s.p, close != NULL ? (size_t)(close - s.p) : s.len);
}

bool stanza_is(struct str s, const char *name)
{
	size_t n = strlen(name);

	return s.len > n + 1 && s.p[0] == '<' && memcmp(s.p + 1, name, n) == 0 &&
	       strchr(" />", s.p[n + 1]) != NULL;
}

struct str stanza_attr(struct str s, const char *name)
{
	struct str tag = first_tag(s);
	char key[32];
	int n = snprintf(key, sizeof(key), " %s=", name);
	const char *end = tag.p + tag.len;
	const char *at = memmem(tag.p, tag.len, key, (size_t)n);
	const char *from = at != NULL && end - at > n ? at + n + 1 : NULL;
	const char *stop = from != NULL ? memchr(from, from[-1], (size_t)(end - from)) : NULL;

	return stop != NULL ? str_make(from, (size_t)(stop - from)) : STR_NONE;
}

struct str stanza_find(struct str s, const char *name)
{
	char key[32];
	int n = snprintf(key, sizeof(key), "<%s", name);
	const char *at = s.len > 0 ? memmem(s.p, s.len, key, (size_t)n) : NULL;

	return at != NULL ? str_make(at, (size_t)(s.p + s.len - at)) : STR_NONE;
}

struct str stanza_rest(struct str s)
{
	size_t used;

	if (s.p == NULL)
		return s;
	used = first_tag(s).len;
	used += used < s.len;
	return str_make(s.p + used, s.len - used);
}

unsigned stanza_count(struct str s, const char *name)
{
	unsigned n = 0;

	for (s = stanza_find(s, name); s.p != NULL; s = stanza_find(stanza_rest(s), name))
		n++;
	return n;
}

bool stanza_account(const struct options *o, struct str jid, unsigned *account)
{
	char text[64];
	size_t prefix = strlen(o->user);
	unsigned long n;
	char *end;

	if (jid.len <= prefix || memcmp(jid.p, o->user, prefix) != 0)
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)(jid.len - prefix), jid.p + prefix);
	n = strtoul(text, &end, 10);
	if (end == text || *end != '@' || n < o->first || n - o->first >= o->accounts)
		return false;
	*account = (unsigned)(n - o->first);
	return true;
}
