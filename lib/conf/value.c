/* Values: numbers with units, choices, lists, paths. */
#include "conf/value.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "xmpp/xmlcheck.h"

struct unit {
	const char *name;
	int64_t factor;
};

static const struct unit size_units[] = {
	{"", 1}, {"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {NULL, 0}};
static const struct unit duration_units[] = {
	{"", 1}, {"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86400}, {NULL, 0}};
static const struct unit plain[] = {{"", 1}, {NULL, 0}};

static const struct kind {
	const struct unit *units;
	const char *expects;
	const char *unit; /* of min and max */
} kinds[] = {
	[SETTING_NUMBER] = {plain, "a number", ""},
	[SETTING_SIZE] = {size_units, "a size such as 4096, \"256KiB\" or \"4MiB\"", " bytes"},
	[SETTING_DURATION] = {duration_units, "a time such as 30, \"30s\", \"5min\" or \"2h\"",
		" seconds"},
};

void value_fini(struct value *v)
{
	for (size_t i = 0; i < v->nitems; i++)
		free(v->items[i]);
	free(v->items);
	free(v->text);
	*v = (struct value){0};
}

static void add_item(struct value *v, const char *text, size_t len)
{
	char **items = bh_alloc((v->nitems + 1) * sizeof *items);

	if (v->nitems > 0)
		memcpy(items, v->items, v->nitems * sizeof *items);
	items[v->nitems++] = bh_strndup(text, len);
	free(v->items);
	v->items = items;
}

/* "-12MiB" into a count of the smallest unit.  A number too large saturates, and is then out of
 * range. */
static bool parse_number(const struct unit *units, const char *text, int64_t *out)
{
	char *end;
	long long n = strtoll(text, &end, 10);

	if (end == text || isspace((unsigned char)text[0]))
		return false;
	while (*end == ' ')
		end++;
	for (; units->name != NULL; units++) {
		if (strcasecmp(end, units->name) != 0)
			continue;
		if (__builtin_mul_overflow(n, units->factor, &n))
			n = INT64_MAX;
		*out = n;
		return true;
	}
	return false;
}

static bool set_number(struct value *v, const struct setting *s, const char *text, char *what,
	size_t size)
{
	const struct kind *k = &kinds[s->type];

	if (!parse_number(k->units, text, &v->number)) {
		snprintf(what, size, "%s must be %s, not '%s'", s->name, k->expects, text);
		return false;
	}
	if (v->number < s->min || v->number > s->max) {
		snprintf(what, size, "%s must be between %lld and %lld%s, not %s", s->name,
			(long long)s->min, (long long)s->max, k->unit, text);
		return false;
	}
	return true;
}

static bool set_bool(struct value *v, const struct setting *s, const char *text, char *what,
	size_t size)
{
	static const char *const names[] = {"false", "true", "no", "yes", "off", "on"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcasecmp(text, names[i]) == 0) {
			v->number = (int64_t)(i & 1);
			return true;
		}
	snprintf(what, size, "%s must be true or false, not '%s'", s->name, text);
	return false;
}

/* The choices of a table row, one after the other: start with *at = s->def. */
static size_t next_word(const char **at, const char **word)
{
	size_t len;

	*at += strspn(*at, " ");
	*word = *at;
	len = strcspn(*at, " ");
	*at += len;
	return len;
}

static void say_choices(const struct setting *s, const char *text, char *what, size_t size)
{
	const char *at = s->def, *word;
	size_t len, used = (size_t)snprintf(what, size, "%s must be one of", s->name);

	while ((len = next_word(&at, &word)) > 0 && used < size)
		used += (size_t)snprintf(what + used, size - used, " %.*s,", (int)len, word);
	if (used < size)
		snprintf(what + used, size - used, " not '%s'", text);
}

static bool set_choice(struct value *v, const struct setting *s, const char *text, char *what,
	size_t size)
{
	const char *at = s->def, *word;
	size_t len;

	while ((len = next_word(&at, &word)) > 0)
		if (strlen(text) == len && memcmp(word, text, len) == 0) {
			v->text = bh_strdup(text);
			return true;
		}
	say_choices(s, text, what, size);
	return false;
}

static bool set_path(struct value *v, const struct setting *s, const char *text, char *what,
	size_t size)
{
	if (text[0] == '\0' && s->type == SETTING_DIRECTORY) {
		snprintf(what, size, "%s must name a folder", s->name);
		return false;
	}
	v->text = text[0] != '\0' ? bh_strdup(text) : NULL;
	return true;
}

static bool set_item(struct value *v, const struct setting *s, const char *text, char *what,
	size_t size)
{
	if (text[0] == '\0') {
		snprintf(what, size, "%s has an empty item", s->name);
		return false;
	}
	add_item(v, text, strlen(text));
	return true;
}

/* It is shown to users, and stands in XML. */
static bool set_text(struct value *v, const struct setting *s, const char *text, char *what,
	size_t size)
{
	enum { TEXT_MAX = 255 };

	if (strlen(text) > TEXT_MAX) {
		snprintf(what, size, "%s is longer than %d bytes", s->name, TEXT_MAX);
		return false;
	}
	if (strpbrk(text, "\t\r\n") != NULL || !xmlcheck_text(str_of(text))) {
		snprintf(what, size, "%s must be one line of UTF-8", s->name);
		return false;
	}
	v->text = text[0] != '\0' ? bh_strdup(text) : NULL;
	return true;
}

bool value_set(struct value *v, const struct setting *s, const char *text, char *what, size_t size)
{
	if (s->type != SETTING_LIST)
		value_fini(v);
	switch (s->type) {
	case SETTING_LIST:
		return set_item(v, s, text, what, size);
	case SETTING_BOOL:
		return set_bool(v, s, text, what, size);
	case SETTING_CHOICE:
		return set_choice(v, s, text, what, size);
	case SETTING_DIRECTORY:
	case SETTING_FILE:
		return set_path(v, s, text, what, size);
	case SETTING_TEXT:
		return set_text(v, s, text, what, size);
	default:
		return set_number(v, s, text, what, size);
	}
}

void value_set_default(struct value *v, const struct setting *s)
{
	const char *at = s->def, *word;
	char what[256];
	size_t len;

	value_fini(v);
	if (s->type == SETTING_LIST) {
		while ((len = next_word(&at, &word)) > 0)
			add_item(v, word, len);
	} else if (s->type == SETTING_CHOICE) {
		len = next_word(&at, &word);
		v->text = bh_strndup(word, len);
	} else {
		BUG_ON(!value_set(v, s, s->def, what, sizeof what));
	}
}

void value_write(const struct value *v, const struct setting *s, struct buf *out)
{
	static const char *const units[] = {[SETTING_NUMBER] = "", [SETTING_SIZE] = "B", [SETTING_DURATION] = "s"};

	for (size_t i = 0; i < v->nitems; i++)
		buf_printf(out, "%s%s", i > 0 ? ", " : "", v->items[i]);
	if (s->type == SETTING_BOOL)
		buf_printf(out, "%s", v->number != 0 ? "true" : "false");
	else if (s->type == SETTING_NUMBER || s->type == SETTING_SIZE || s->type == SETTING_DURATION)
		buf_printf(out, "%" PRId64 "%s", v->number, units[s->type]);
	else if (v->text != NULL)
		buf_printf(out, "%s", v->text);
}

void value_copy(struct value *to, const struct value *from)
{
	value_fini(to);
	to->number = from->number;
	to->text = from->text != NULL ? bh_strdup(from->text) : NULL;
	for (size_t i = 0; i < from->nitems; i++)
		add_item(to, from->items[i], strlen(from->items[i]));
}

bool value_equal(const struct value *a, const struct value *b)
{
	if (a->number != b->number || a->nitems != b->nitems ||
		(a->text == NULL) != (b->text == NULL))
		return false;
	for (size_t i = 0; i < a->nitems; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return a->text == NULL || strcmp(a->text, b->text) == 0;
}

void value_set_folder(struct value *v, const struct setting *s, const char *folder)
{
	size_t size;
	char *path;

	if ((s->type != SETTING_FILE && s->type != SETTING_DIRECTORY) || v->text == NULL ||
		v->text[0] == '/')
		return;
	size = strlen(folder) + strlen(v->text) + 2;
	path = bh_alloc(size);
	snprintf(path, size, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, v->text);
	free(v->text);
	v->text = path;
}
