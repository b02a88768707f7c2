/* Rules of a map, one element after the other. */
#include "dirsyncd/profile.h"

#include <string.h>

#include "base/base64.h"
#include "xmpp/escape.h"

struct writing {
	struct reading *r;
	struct buf *out;
	size_t picture_max;
	size_t texts; /* bytes of them so far */
};

/* ---- pictures ------------------------------------------------------------------------------ */

static bool begins(struct str bytes, size_t at, const char *mark, size_t len)
{
	return bytes.len >= at + len && memcmp(bytes.p + at, mark, len) == 0;
}

const char *profile_picture_type(struct str bytes)
{
	if (begins(bytes, 0, "\xff\xd8\xff", 3))
		return "image/jpeg";
	if (begins(bytes, 0, "\x89PNG\r\n\x1a\n", 8))
		return "image/png";
	if (begins(bytes, 0, "GIF87a", 6) || begins(bytes, 0, "GIF89a", 6))
		return "image/gif";
	return begins(bytes, 0, "RIFF", 4) && begins(bytes, 8, "WEBP", 4) ? "image/webp" : NULL;
}

/* Its type; NULL, with a complaint: it cannot go in. */
static const char *check_picture(const struct writing *w, const char *attribute, struct str bytes)
{
	const char *type = bytes.len <= w->picture_max ? profile_picture_type(bytes) : NULL;

	if (bytes.len > w->picture_max)
		reading_complain(w->r, bytes, "%.100s: the picture has %u bytes, directory.photo allows %zu", attribute, bytes.len,
			w->picture_max);
	else if (type == NULL)
		reading_complain(w->r, bytes, "%.100s: it is no JPEG, PNG, GIF or WebP picture", attribute);
	return type;
}

static void put_picture(const struct writing *w, const struct profile_rule *rule)
{
	const char *type = NULL;
	struct str bytes = STR_NONE;

	for (size_t k = 0; k < rule->n && type == NULL; k++) {
		const char *attribute = rule->sources[k].attribute;

		for (size_t i = 0; i < direntry_count(w->r->entry, attribute) && type == NULL; i++) {
			bytes = direntry_value(w->r->entry, attribute, i);
			type = check_picture(w, attribute, bytes);
		}
	}
	if (type == NULL)
		return;
	buf_printf(w->out, "<%s><TYPE>%s</TYPE><BINVAL>", rule->element->name, type);
	base64_encode(bytes, w->out);
	buf_printf(w->out, "</BINVAL></%s>", rule->element->name);
}

/* ---- texts --------------------------------------------------------------------------------- */

static struct str first_word(struct str text)
{
	const char *blank = text.len > 0 ? memchr(text.p, ' ', text.len) : NULL;

	return blank != NULL ? str_make(text.p, (size_t)(blank - text.p)) : text;
}

static bool put_text(struct writing *w, const struct profile_element *e, const char *name, struct str text)
{
	size_t before = w->out->len;

	if (e->word)
		text = first_word(text);
	if (text.len == 0)
		return false;
	buf_printf(w->out, "<%s>", name);
	escape_text(w->out, text);
	buf_printf(w->out, "</%s>", name);
	w->texts += w->out->len - before;
	if (w->texts <= PROFILE_TEXTS_MAX)
		return true;
	reading_complain(w->r, STR_NONE, "%s and what comes after it is too much for a profile", e->name);
	w->out->len = before;
	return false;
}

/* The start of <TEL><WORK/>: the element and what kind it is of. */
static void open_element(struct writing *w, const struct profile_rule *rule)
{
	const char *const *kinds = rule->element->kinds;

	buf_printf(w->out, "<%s>", rule->element->name);
	for (unsigned i = 0; kinds != NULL && kinds[i] != NULL; i++)
		if ((rule->kinds >> i & 1) != 0)
			buf_printf(w->out, "<%s/>", kinds[i]);
}

static void close_element(struct writing *w, const struct profile_rule *rule)
{
	buf_printf(w->out, "</%s>", rule->element->name);
}

static bool put_value(struct writing *w, const struct profile_rule *rule, struct str value)
{
	const struct profile_element *e = rule->element;
	size_t before = w->out->len;

	if (!e->each)
		return put_text(w, e, e->shape == PROFILE_TEXT ? e->name : e->parts[rule->part], value);
	open_element(w, rule);
	if (put_text(w, e, e->parts[rule->part], value)) {
		close_element(w, rule);
		return true;
	}
	w->out->len = before;
	return false;
}

static bool put_values(struct writing *w, const struct profile_rule *rule, const char *attribute)
{
	bool any = false;

	for (size_t i = 0; i < direntry_count(w->r->entry, attribute) && i < PROFILE_VALUES_MAX; i++) {
		if (any && !profile_rule_repeats(rule))
			break;
		any |= put_value(w, rule, reading_text(w->r, attribute, i, PROFILE_VALUE_MAX));
	}
	return any;
}

/* Of its first source that has a value.  false: none has. */
static bool put_rule(struct writing *w, const struct profile_rule *rule)
{
	bool any = false;

	for (size_t k = 0; k < rule->n && !any; k++) {
		const struct profile_source *s = &rule->sources[k];

		any = s->text != NULL ? put_value(w, rule, str_of(s->text)) : put_values(w, rule, s->attribute);
	}
	return any;
}

/* ---- elements ------------------------------------------------------------------------------ */

/* All rules of one element of one kind; not even its tag where none has a value. */
static void put_parts(struct writing *w, const struct profile_rule *rules, size_t n)
{
	size_t before = w->out->len;
	bool any = false;

	open_element(w, rules);
	for (size_t i = 0; i < n; i++)
		any |= put_rule(w, &rules[i]);
	if (any)
		close_element(w, rules);
	else
		w->out->len = before;
}

static size_t count_together(const struct profile_map *map, size_t at)
{
	const struct profile_rule *first = &map->rules[at];
	size_t n = 1;

	while (at + n < map->n && map->rules[at + n].element == first->element && map->rules[at + n].kinds == first->kinds)
		n++;
	return n;
}

static void put_element(struct writing *w, const struct profile_rule *rules, size_t n)
{
	if (rules->element->shape == PROFILE_PICTURE)
		put_picture(w, rules);
	else if (rules->element->shape == PROFILE_PARTS && !rules->element->each)
		put_parts(w, rules, n);
	else
		for (size_t i = 0; i < n; i++)
			(void)put_rule(w, &rules[i]);
}

void profile_write(const struct profile_map *map, struct reading *r, struct buf *out)
{
	struct writing w = {.r = r, .out = out, .picture_max = map->picture_max};
	size_t before = out->len, n;

	buf_put_lit(out, "<vCard xmlns='vcard-temp'>");
	for (size_t i = 0; i < map->n; i += n) {
		n = count_together(map, i);
		if (map->picture_max > 0 || map->rules[i].element->shape != PROFILE_PICTURE)
			put_element(&w, &map->rules[i], n);
	}
	if (out->len - before > sizeof "<vCard xmlns='vcard-temp'>" - 1) {
		buf_put_lit(out, "</vCard>");
		return;
	}
	out->len = before;
	buf_put_lit(out, "<vCard xmlns='vcard-temp'/>");
}
