/* One pass by recursive descent; all values of a term in one arena. */
#include "ctl/move/erl_term.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "ctl/move/arena.h"
#include "ctl/move/erl_scan.h"

enum { NUMBER_SIZE = 64, CODE_MAX = 0x10ffff };

struct erl_term {
	struct arena arena;
	struct erl_value root;
};

struct parser {
	struct arena *arena;
	const char *at, *end;
	unsigned depth;
	int error;
};

static void fail(struct parser *p, int error)
{
	if (p->error == 0)
		p->error = error;
}

static void *take(struct parser *p, size_t size)
{
	void *at = arena_take(p->arena, size);

	if (at == NULL)
		fail(p, BH_ENOMEM);
	return at;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool has(struct parser *p, const char *mark)
{
	size_t len = strlen(mark);

	p->at = erl_skip(p->at, p->end);
	return p->error == 0 && (size_t)(p->end - p->at) >= len && memcmp(p->at, mark, len) == 0;
}

static bool accept(struct parser *p, const char *mark)
{
	bool there = has(p, mark);

	p->at += there ? strlen(mark) : 0;
	return there;
}

static void expect(struct parser *p, const char *mark)
{
	if (!accept(p, mark))
		fail(p, BH_EPROTO);
}

static struct str take_word(struct parser *p)
{
	struct str word = erl_word(p->at, p->end);

	p->at += word.len;
	return word;
}

/* ---- characters ------------------------------------------------------------------------------------------- */

/* Room is for as many bytes as are read: no code is written shorter than what it stands for (\x{80}, \200, 128). */
struct text {
	char *out;
	size_t n, room;
	bool utf8; /* codes are of characters, not of bytes */
};

static struct text text_for(struct parser *p, const char *stop)
{
	size_t room = stop != NULL ? (size_t)(stop - p->at) : 0;

	if (stop == NULL)
		fail(p, BH_EPROTO);
	return (struct text){.out = stop != NULL ? take(p, room + 1) : NULL, .room = room};
}

static struct erl_value text_value(enum erl_type type, const struct text *t)
{
	return (struct erl_value){.type = type, .text = str_make(t->out, t->n)};
}

static void put_byte(struct text *t, unsigned byte)
{
	BUG_ON(t->out == NULL || t->n == t->room);
	t->out[t->n++] = (char)byte;
}

static void put_utf8(struct text *t, unsigned code)
{
	static const uint8_t leads[] = {0, 0xc0, 0xe0, 0xf0};
	int more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;

	put_byte(t, leads[more] | code >> (6 * more));
	while (more-- > 0)
		put_byte(t, 0x80 | (code >> (6 * more) & 0x3f));
}

static void put_code(struct text *t, unsigned code)
{
	if (t->utf8 || code > 255)
		put_utf8(t, code);
	else
		put_byte(t, code);
}

/* So many digits at most, and one at least. */
static unsigned take_digits(struct parser *p, unsigned base, int most)
{
	static const char digits[] = "0123456789abcdef";
	unsigned code = 0;
	int n = 0;

	for (; n < most && p->at < p->end; n++, p->at++) {
		char c = (char)(*p->at >= 'A' && *p->at <= 'F' ? *p->at | 0x20 : *p->at);
		const char *digit = c != '\0' ? strchr(digits, c) : NULL;

		if (digit == NULL || digit - digits >= (int)base)
			break;
		code = code * base + (unsigned)(digit - digits);
	}
	if (n == 0 || code > CODE_MAX)
		fail(p, BH_EPROTO);
	return code <= CODE_MAX ? code : 0;
}

static unsigned take_hex(struct parser *p)
{
	unsigned code;

	if (p->at == p->end || *p->at != '{')
		return take_digits(p, 16, 2);
	p->at++;
	code = take_digits(p, 16, 6);
	if (p->at == p->end || *p->at++ != '}')
		fail(p, BH_EPROTO);
	return code;
}

/* Behind the backslash. */
static unsigned take_escape(struct parser *p)
{
	static const char from[] = "bdefnrstv", to[] = "\b\177\033\f\n\r \t\v";
	const char *known;
	char c;

	if (p->at == p->end) {
		fail(p, BH_EPROTO);
		return 0;
	}
	if (*p->at >= '0' && *p->at <= '7')
		return take_digits(p, 8, 3);
	c = *p->at++;
	if (c == 'x')
		return take_hex(p);
	if (c == '^')
		fail(p, BH_EPROTO); /* control characters, which nobody writes so */
	known = c != '\0' ? strchr(from, c) : NULL;
	return known != NULL ? (unsigned char)to[known - from] : (unsigned char)c;
}

/* Behind the opening quote; the closing one is there. */
static void take_quoted(struct parser *p, struct text *t, char quote)
{
	while (p->error == 0 && p->at < p->end && *p->at != quote) {
		if (*p->at != '\\') {
			put_byte(t, (unsigned char)*p->at++);
			continue;
		}
		p->at++;
		put_code(t, take_escape(p));
	}
	if (p->at < p->end)
		p->at++;
}

/* ---- texts --------------------------------------------------------------------------------------------------- */

/* The end of a run of literals, which are one: what is long is written in several lines.  NULL where it has none. */
static const char *end_of_run(const struct parser *p)
{
	const char *at = p->at, *stop = NULL;

	while (at != NULL && at < p->end && *at == '"') {
		stop = erl_skip_quoted(at + 1, p->end, '"');
		at = stop != NULL ? erl_skip(stop, p->end) : NULL;
	}
	return at != NULL ? stop : NULL;
}

static void take_run(struct parser *p, struct text *t)
{
	const char *stop = end_of_run(p);

	if (stop == NULL)
		fail(p, BH_EPROTO);
	t->utf8 = stop != NULL && p->end - stop >= 5 && memcmp(stop, "/utf8", 5) == 0;
	while (p->error == 0 && p->at < stop)
		if (accept(p, "\""))
			take_quoted(p, t, '"');
	if (p->error == 0 && t->utf8)
		p->at = stop + 5;
}

static struct erl_value take_string(struct parser *p)
{
	struct text t = text_for(p, end_of_run(p));

	if (p->error == 0)
		take_run(p, &t);
	return text_value(ERL_STRING, &t);
}

/* Of a binary: where its brackets close; NULL where they do not. */
static const char *end_of_binary(const struct parser *p)
{
	const char *at = p->at;

	while (at != NULL && p->end - at >= 2 && memcmp(at, ">>", 2) != 0)
		at = erl_step(at, p->end);
	return at != NULL && p->end - at >= 2 ? at : NULL;
}

static void take_byte(struct parser *p, struct text *t)
{
	unsigned code = take_digits(p, 10, 3);

	if (code > 255)
		fail(p, BH_EPROTO);
	else
		put_byte(t, code);
}

/* Behind << */
static struct erl_value take_binary(struct parser *p)
{
	struct text t = text_for(p, end_of_binary(p));

	while (p->error == 0 && !has(p, ">>")) {
		if (*p->at == '"')
			take_run(p, &t);
		else
			take_byte(p, &t);
		if (!accept(p, ","))
			break;
	}
	expect(p, ">>");
	return text_value(ERL_BINARY, &t);
}

static struct erl_value take_quoted_atom(struct parser *p)
{
	struct text t = text_for(p, erl_skip_quoted(p->at, p->end, '\''));

	if (p->error == 0)
		take_quoted(p, &t, '\'');
	return text_value(ERL_ATOM, &t);
}

/* ---- values ---------------------------------------------------------------------------------------------------- */

static struct erl_value take_number(struct parser *p)
{
	struct erl_value v = {.type = ERL_NUMBER};
	char text[NUMBER_SIZE];
	size_t n = 0;
	char *stop;

	while (p->at < p->end && n + 1 < sizeof text && (is_digit(*p->at) || (*p->at != '\0' && strchr("+-.eE", *p->at) != NULL)))
		text[n++] = *p->at++;
	text[n] = '\0';
	v.number = strtod(text, &stop);
	if (n == 0 || *stop != '\0')
		fail(p, BH_EPROTO);
	return v;
}

/* Behind $ */
static struct erl_value take_character(struct parser *p)
{
	struct erl_value v = {.type = ERL_NUMBER};

	if (p->at == p->end)
		fail(p, BH_EPROTO);
	else if (*p->at++ != '\\')
		v.number = (unsigned char)p->at[-1];
	else
		v.number = take_escape(p);
	return v;
}

static struct erl_value take_value(struct parser *p);

/* What stands between brackets that are open; between of a map: "=>". */
static struct erl_value take_members(struct parser *p, enum erl_type type, const char *close)
{
	struct erl_value v = {.type = type};
	const struct erl_value **link = &v.first;

	while (p->error == 0 && !(v.n == 0 && has(p, close))) {
		struct erl_value *member = take(p, sizeof *member);

		if (member == NULL)
			break;
		*member = take_value(p);
		*link = member;
		link = &member->next;
		v.n++;
		if (!accept(p, type == ERL_MAP && v.n % 2 == 1 ? "=>" : ","))
			break;
	}
	expect(p, close);
	if (type == ERL_MAP && v.n % 2 == 1)
		fail(p, BH_EPROTO);
	return v;
}

static struct erl_value take_nested(struct parser *p)
{
	static const struct {
		const char *open, *close;
		enum erl_type type;
	} brackets[] = {{"{", "}", ERL_TUPLE}, {"[", "]", ERL_LIST}, {"#{", "}", ERL_MAP}};
	struct erl_value v = {.type = ERL_LIST};

	if (++p->depth > ERL_DEPTH_MAX)
		fail(p, BH_ETOOBIG);
	for (size_t i = 0; i < sizeof brackets / sizeof brackets[0]; i++)
		if (accept(p, brackets[i].open)) {
			v = take_members(p, brackets[i].type, brackets[i].close);
			p->depth--;
			return v;
		}
	fail(p, BH_EPROTO);
	return v;
}

static struct erl_value take_value(struct parser *p)
{
	char c = '\0';

	p->at = erl_skip(p->at, p->end);
	if (p->at < p->end)
		c = *p->at;
	if (c >= 'a' && c <= 'z')
		return (struct erl_value){.type = ERL_ATOM, .text = take_word(p)};
	if (c == '-' || is_digit(c))
		return take_number(p);
	if (c == '"')
		return take_string(p);
	if (accept(p, "<<"))
		return take_binary(p);
	if (accept(p, "'"))
		return take_quoted_atom(p);
	if (accept(p, "$"))
		return take_character(p);
	return take_nested(p);
}

int erl_parse(struct str term, struct erl_term **out)
{
	struct erl_term *t;
	struct parser p = {.at = term.p, .end = term.p + term.len};

	if (term.len > ERL_TERM_MAX)
		return BH_ETOOBIG;
	t = bh_alloc(sizeof *t);
	t->arena = ARENA_INIT(ERL_MEMORY_MAX);
	p.arena = &t->arena;
	t->root = take_value(&p);
	if (erl_skip(p.at, p.end) != p.end)
		fail(&p, BH_EPROTO);
	if (p.error != 0)
		erl_free(&t);
	else
		*out = t;
	return p.error;
}

void erl_free(struct erl_term **term)
{
	if (*term == NULL)
		return;
	arena_fini(&(*term)->arena);
	free(*term);
	*term = NULL;
}

/* ---- what is asked of values --------------------------------------------------------------------------------- */

const struct erl_value *erl_root(const struct erl_term *term)
{
	return &term->root;
}

const struct erl_value *erl_at(const struct erl_value *tuple, unsigned i)
{
	const struct erl_value *v;

	if (tuple == NULL || tuple->type != ERL_TUPLE || i >= tuple->n)
		return NULL;
	for (v = tuple->first; i > 0; i--)
		v = v->next;
	return v;
}

struct str erl_text(const struct erl_value *v)
{
	if (v != NULL && (v->type == ERL_BINARY || v->type == ERL_STRING))
		return v->text;
	return v != NULL && v->type == ERL_LIST && v->n == 0 ? STR_LIT("") : STR_NONE;
}

bool erl_is(const struct erl_value *v, const char *atom)
{
	return v != NULL && v->type == ERL_ATOM && str_is(v->text, atom);
}

double erl_number(const struct erl_value *v)
{
	return v != NULL && v->type == ERL_NUMBER ? v->number : 0;
}
