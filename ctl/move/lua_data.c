/* One pass by recursive descent; all values in one arena. */
#include "ctl/move/lua_data.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "ctl/move/arena.h"

struct lua_data {
	struct arena arena;
	struct lua_value values;
};

struct parser {
	struct lua_data *data;
	const char *at, *end;
	unsigned line, depth;
	int error;
};

static void *take(struct parser *p, size_t size)
{
	void *at = arena_take(&p->data->arena, size);

	if (at == NULL)
		p->error = BH_ENOMEM;
	return at;
}

static void fail(struct parser *p)
{
	if (p->error == 0)
		p->error = BH_EPROTO;
}

/* ---- words ------------------------------------------------------------------------------------------- */

static void skip_line(struct parser *p)
{
	while (p->at < p->end && *p->at != '\n')
		p->at++;
}

static bool is_one_of(const char *set, char c)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/* Blanks and comments of one line. */
static void skip(struct parser *p)
{
	while (p->at < p->end) {
		if (*p->at == '\n')
			p->line++;
		if (is_one_of(" \t\r\n", *p->at))
			p->at++;
		else if (p->end - p->at >= 2 && memcmp(p->at, "--", 2) == 0)
			skip_line(p);
		else
			return;
	}
}

static bool has(struct parser *p, char c)
{
	skip(p);
	return p->error == 0 && p->at < p->end && *p->at == c;
}

static bool accept(struct parser *p, char c)
{
	bool there = has(p, c);

	p->at += there;
	return there;
}

static void expect(struct parser *p, char c)
{
	if (!accept(p, c))
		fail(p);
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static struct str take_word(struct parser *p)
{
	const char *begin;

	skip(p);
	begin = p->at;
	while (p->at < p->end && is_word(*p->at))
		p->at++;
	return str_make(begin, (size_t)(p->at - begin));
}

/* ---- strings ------------------------------------------------------------------------------------------ */

/* Three decimal digits at most. */
static char take_code(struct parser *p)
{
	unsigned code = 0;

	for (int i = 0; i < 3 && p->at < p->end && *p->at >= '0' && *p->at <= '9'; i++)
		code = code * 10 + (unsigned)(*p->at++ - '0');
	if (code > 255)
		fail(p);
	return (char)code;
}

static unsigned hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c != '\0' ? strchr(digits, c | (c >= 'A' && c <= 'F' ? 0x20 : 0)) : NULL;

	return at != NULL ? (unsigned)(at - digits) : 16;
}

static char take_hex(struct parser *p)
{
	unsigned high = 16, low = 16;

	if (p->end - p->at >= 2) {
		high = hex_digit(p->at[0]);
		low = hex_digit(p->at[1]);
	}
	if (high > 15 || low > 15) {
		fail(p);
		return 0;
	}
	p->at += 2;
	return (char)(high << 4 | low);
}

static char take_escape(struct parser *p)
{
	static const char from[] = "abfnrtv\\\"'\n", to[] = "\a\b\f\n\r\t\v\\\"'\n";
	const char *known;
	char c;

	if (p->at == p->end) {
		fail(p);
		return 0;
	}
	c = *p->at;
	if (c >= '0' && c <= '9')
		return take_code(p);
	p->at++;
	if (c == 'x')
		return take_hex(p);
	known = c != '\0' ? strchr(from, c) : NULL;
	if (known == NULL) {
		fail(p);
		return 0;
	}
	p->line += c == '\n';
	return to[known - from];
}

/* The closing quote; NULL where there is none. */
static const char *find_end(const struct parser *p, char quote)
{
	for (const char *at = p->at; at < p->end; at++) {
		if (*at == quote)
			return at;
		if (*at == '\n')
			return NULL;
		if (*at == '\\' && ++at == p->end)
			return NULL;
	}
	return NULL;
}

static struct str take_string(struct parser *p)
{
	char quote = *p->at++;
	const char *end = find_end(p, quote);
	char *out = end != NULL ? take(p, (size_t)(end - p->at) + 1) : NULL;
	size_t n = 0;

	if (end == NULL)
		fail(p);
	while (p->error == 0 && p->at < end) {
		char c = *p->at++;

		if (c == '\\')
			c = (char)take_escape(p);
		out[n++] = c;
	}
	if (p->error != 0)
		return STR_LIT("");
	p->at = end + 1;
	return str_make(out, n);
}

/* ---- values ------------------------------------------------------------------------------------------- */

static double take_number(struct parser *p)
{
	char text[64];
	size_t n = 0;
	char *end;
	double number;

	while (p->at < p->end && n + 1 < sizeof text && (is_word(*p->at) || is_one_of("+-.", *p->at)))
		text[n++] = *p->at++;
	text[n] = '\0';
	number = strtod(text, &end);
	if (n == 0 || *end != '\0')
		fail(p);
	return number;
}

static struct lua_value take_value(struct parser *p);

static struct lua_value take_named(struct parser *p)
{
	static const struct {
		const char *name;
		enum lua_type type;
	} words[] = {{"nil", LUA_NIL}, {"true", LUA_TRUE}, {"false", LUA_FALSE}};
	struct str word = take_word(p);

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (str_is(word, words[i].name))
			return (struct lua_value){.type = words[i].type};
	fail(p);
	return (struct lua_value){.type = LUA_NIL};
}

static struct str copy_text(struct parser *p, struct str text)
{
	char *copy = take(p, (size_t)text.len + 1);

	if (copy == NULL)
		return STR_LIT("");
	memcpy(copy, text.p, text.len);
	return str_make(copy, text.len);
}

/* ["key"] =, or key =; false: there is none. */
static bool take_key(struct parser *p, struct lua_value *key)
{
	const char *before;
	struct str word;

	if (accept(p, '[')) {
		*key = take_value(p);
		expect(p, ']');
		expect(p, '=');
		return true;
	}
	before = p->at;
	word = take_word(p);
	if (word.len > 0 && (word.p[0] < '0' || word.p[0] > '9') && accept(p, '=')) {
		*key = (struct lua_value){.type = LUA_STRING, .text = copy_text(p, word)};
		return true;
	}
	p->at = before;
	return false;
}

static struct lua_value take_table(struct parser *p)
{
	struct lua_value table = {.type = LUA_TABLE};
	const struct lua_entry **link = &table.first;
	unsigned n = 0;

	if (++p->depth > LUA_DEPTH_MAX)
		fail(p);
	expect(p, '{');
	while (p->error == 0 && !has(p, '}')) {
		struct lua_entry *e = take(p, sizeof *e);

		if (e == NULL)
			break;
		if (!take_key(p, &e->key))
			e->key = (struct lua_value){.type = LUA_NUMBER, .number = ++n};
		e->value = take_value(p);
		*link = e;
		link = &e->next;
		if (!accept(p, ';') && !accept(p, ','))
			break;
	}
	expect(p, '}');
	p->depth--;
	return table;
}

static struct lua_value take_value(struct parser *p)
{
	skip(p);
	if (p->error != 0 || p->at == p->end) {
		fail(p);
		return (struct lua_value){.type = LUA_NIL};
	}
	if (*p->at == '{')
		return take_table(p);
	if (*p->at == '"' || *p->at == '\'')
		return (struct lua_value){.type = LUA_STRING, .text = take_string(p)};
	if (*p->at == '-' || *p->at == '.' || (*p->at >= '0' && *p->at <= '9'))
		return (struct lua_value){.type = LUA_NUMBER, .number = take_number(p)};
	return take_named(p);
}

/* return VALUE;  or  item(VALUE); item(VALUE); ... */
static void take_file(struct parser *p, struct lua_value *values)
{
	const struct lua_entry **link = &values->first;

	while (skip(p), p->error == 0 && p->at < p->end) {
		struct str word = take_word(p);
		bool item = str_is(word, "item");
		struct lua_entry *e = take(p, sizeof *e);

		if (e == NULL || (!item && !str_is(word, "return"))) {
			fail(p);
			return;
		}
		if (item)
			expect(p, '(');
		e->value = take_value(p);
		if (item)
			expect(p, ')');
		(void)accept(p, ';');
		*link = e;
		link = &e->next;
	}
}

int lua_data_parse(struct str text, struct lua_data **out, unsigned *line)
{
	struct parser p = {.data = bh_alloc(sizeof *p.data), .at = text.p, .end = text.p + text.len, .line = 1};

	p.data->arena = ARENA_INIT(LUA_MEMORY_MAX);
	p.data->values.type = LUA_TABLE;
	if (text.len > LUA_FILE_MAX)
		fail(&p);
	else if (text.len > 0)
		take_file(&p, &p.data->values);
	*line = p.line;
	if (p.error != 0)
		lua_data_free(&p.data);
	else
		*out = p.data;
	return p.error;
}

void lua_data_free(struct lua_data **data)
{
	if (*data == NULL)
		return;
	arena_fini(&(*data)->arena);
	free(*data);
	*data = NULL;
}

const struct lua_value *lua_data_values(const struct lua_data *data)
{
	return &data->values;
}

const struct lua_value *lua_field(const struct lua_value *table, const char *key)
{
	if (table == NULL || table->type != LUA_TABLE)
		return NULL;
	for (const struct lua_entry *e = table->first; e != NULL; e = e->next)
		if (e->key.type == LUA_STRING && str_is(e->key.text, key))
			return &e->value;
	return NULL;
}

struct str lua_text(const struct lua_value *table, const char *key)
{
	const struct lua_value *v = lua_field(table, key);

	return v != NULL && v->type == LUA_STRING ? v->text : STR_NONE;
}

double lua_number(const struct lua_value *table, const char *key)
{
	const struct lua_value *v = lua_field(table, key);

	return v != NULL && v->type == LUA_NUMBER ? v->number : 0;
}
