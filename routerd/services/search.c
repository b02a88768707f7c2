/* A search: what may be asked for, is it allowed, and what was found, as fields or as a form. */
#include "routerd/services/search.h"

#include <stdio.h>

#include "base/clock.h"
#include "bus/textlist.h"
#include "routerd/account.h"
#include "routerd/domains.h"
#include "routerd/question.h"
#include "xmpp/escape.h"
#include "xmpp/names.h"
#include "xmpp/xmlcheck.h"

/* VALUE_MAX: more than any field of a directory that a search may begin with. */
enum { VALUE_MAX = 1023, WINDOW_MS = 60000, COLUMNS = 5 };

#define FORM_TYPE "<field type='hidden' var='FORM_TYPE'><value>" NS_SEARCH "</value></field>"
#define INSTRUCTIONS "Fill in how a name or an address begins."

/* What can be looked for.  The fields of jabber:iq:search are four and no more (XEP-0055 3); in a form, one that is not
 * registered begins with x- (XEP-0068 3.4). */
static const struct field {
	const char *name; /* of SEARCH, and the element */
	const char *var, *label;
	bool element;
} fields[] = {
	{"first", "first", "First name", true},
	{"last", "last", "Family name", true},
	{"nick", "nick", "Nickname", true},
	{"email", "email", "E-mail address", true},
	{"user", "x-user", "User name", false},
};
enum { FIELDS = sizeof fields / sizeof fields[0] };

static const struct domain_directory *directory(const struct transit *t)
{
	return &domain_find(&t->cause.router->domains, t->to.domain)->directory;
}

/* Is it for the sender to search here?  Else he has been told. */
static bool entitled(struct transit *t)
{
	if (!directory(t)->search) {
		transit_error(t, STANZA_SERVICE_UNAVAILABLE, NULL);
		return false;
	}
	if (t->sender != NULL && str_eq(t->from.domain, t->to.domain))
		return true;
	transit_error(t, STANZA_FORBIDDEN, "only users of the domain may search in it");
	return false;
}

/* ---- what may be asked for ------------------------------------------------------------------ */

static void put_field(struct buf *out, const struct field *f)
{
	buf_printf(out, "<field type='text-single' var='%s' label='%s'/>", f->var, f->label);
}

void search_get(struct transit *t, enum service_place place, const struct tree_node *child)
{
	struct buf out = BUF_INIT;

	(void)place, (void)child;
	if (!entitled(t))
		return;
	buf_put_lit(&out, "<query xmlns='" NS_SEARCH "'><instructions>" INSTRUCTIONS "</instructions>");
	for (size_t i = 0; i < FIELDS; i++)
		if (fields[i].element)
			buf_printf(&out, "<%s/>", fields[i].name);
	buf_put_lit(&out, "<x xmlns='" NS_DATA_FORMS "' type='form'><title>Search for users</title><instructions>"
		INSTRUCTIONS "</instructions>" FORM_TYPE);
	for (size_t i = 0; i < FIELDS; i++)
		put_field(&out, &fields[i]);
	buf_put_lit(&out, "</x></query>");
	transit_result(t, buf_str(&out));
	buf_fini(&out);
}

/* ---- what was found ------------------------------------------------------------------------- */

/* The columns of FOUND, as fields of a form. */
static const struct {
	const char *var, *label, *type;
} columns[COLUMNS] = {
	{"jid", "Address", "jid-single"},
	{"first", "First name", "text-single"},
	{"last", "Family name", "text-single"},
	{"nick", "Nickname", "text-single"},
	{"email", "E-mail address", "text-single"},
};

/* The next row: an account of the domain, and texts that XML can hold.  What is neither is passed over. */
static bool take_row(struct str *rows, struct str domain, struct str row[COLUMNS])
{
	struct jid jid;

	for (;;) {
		bool good = true;

		for (size_t i = 0; i < COLUMNS; i++) {
			if (!textlist_take(rows, &row[i]))
				return false;
			good &= xmlcheck_text(row[i]);
		}
		if (good && jid_check(row[0], &jid) == 0 && jid.local.p != NULL && jid.resource.p == NULL &&
			str_eq(jid.domain, domain))
			return true;
	}
}

static void put_item(struct buf *out, const struct str row[COLUMNS])
{
	buf_put_lit(out, "<item");
	escape_put_attribute(out, "jid", row[0]);
	buf_put_byte(out, '>');
	for (size_t i = 1; i < COLUMNS; i++) {
		buf_printf(out, "<%s", columns[i].var);
		if (row[i].len == 0) {
			buf_put_lit(out, "/>");
			continue;
		}
		buf_put_byte(out, '>');
		escape_text(out, row[i]);
		buf_printf(out, "</%s>", columns[i].var);
	}
	buf_put_lit(out, "</item>");
}

static void put_form_item(struct buf *out, const struct str row[COLUMNS])
{
	buf_put_lit(out, "<item>");
	for (size_t i = 0; i < COLUMNS; i++) {
		buf_printf(out, "<field var='%s'>", columns[i].var);
		if (row[i].len > 0) {
			buf_put_lit(out, "<value>");
			escape_text(out, row[i]);
			buf_put_lit(out, "</value>");
		} else {
			buf_put_lit(out, "<value/>");
		}
		buf_put_lit(out, "</field>");
	}
	buf_put_lit(out, "</item>");
}

typedef void put_fn(struct buf *out, const struct str row[COLUMNS]);

static void put_rows(struct buf *out, const struct transit *t, const struct answer *answer, put_fn *put)
{
	struct str rows = answer->text, row[COLUMNS];

	for (uint32_t n = 0; n < answer->limit && take_row(&rows, t->to.domain, row); n++)
		put(out, row);
}

static void on_found_items(struct transit *t, const struct answer *answer)
{
	struct buf items = BUF_INIT, out = BUF_INIT;

	put_rows(&items, t, answer, put_item);
	if (items.len == 0) {
		buf_put_lit(&out, "<query xmlns='" NS_SEARCH "'/>");
	} else {
		buf_put_lit(&out, "<query xmlns='" NS_SEARCH "'>");
		buf_put_str(&out, buf_str(&items));
		buf_put_lit(&out, "</query>");
	}
	transit_result(t, buf_str(&out));
	buf_fini(&items);
	buf_fini(&out);
}

/* Only a form has a place to say that there are more. */
static void on_found_form(struct transit *t, const struct answer *answer)
{
	struct buf out = BUF_INIT;

	buf_put_lit(&out, "<query xmlns='" NS_SEARCH "'><x xmlns='" NS_DATA_FORMS "' type='result'>");
	if (answer->more)
		buf_printf(&out, "<instructions>These are the first %u; ask for less to see the others.</instructions>",
			answer->limit);
	buf_put_lit(&out, FORM_TYPE "<reported>");
	for (size_t i = 0; i < COLUMNS; i++)
		buf_printf(&out, "<field type='%s' var='%s' label='%s'/>", columns[i].type, columns[i].var,
			columns[i].label);
	buf_put_lit(&out, "</reported>");
	put_rows(&out, t, answer, put_form_item);
	buf_put_lit(&out, "</x></query>");
	transit_result(t, buf_str(&out));
	buf_fini(&out);
}

/* ---- what is asked for ------------------------------------------------------------------------ */

struct wish {
	struct buf wanted; /* of SEARCH */
	uint32_t letters;  /* of the longest value */
	bool too_long;
};

static struct str trim(struct str text)
{
	static const char blanks[] = " \t\r\n";

	while (text.len > 0 && strchr(blanks, text.p[0]) != NULL)
		text = str_make(text.p + 1, text.len - 1);
	while (text.len > 0 && strchr(blanks, text.p[text.len - 1]) != NULL)
		text.len--;
	return text;
}

static uint32_t letters_of(struct str text)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < text.len; i++)
		n += ((uint8_t)text.p[i] & 0xc0) != 0x80; /* UTF-8: where one begins */
	return n;
}

static void want(struct wish *w, const struct field *f, const struct tree_node *value)
{
	struct str text = value != NULL ? trim(value->text) : STR_NONE;
	uint32_t letters = letters_of(text);

	if (text.len == 0)
		return;
	if (text.len > VALUE_MAX) {
		w->too_long = true;
		return;
	}
	textlist_put(&w->wanted, str_of(f->name));
	textlist_put(&w->wanted, text);
	if (letters > w->letters)
		w->letters = letters;
}

static const struct tree_node *form_value(const struct tree_node *form, const char *var)
{
	for (const struct tree_node *n = form->children; n != NULL; n = n->next)
		if (str_is(n->ns, NS_DATA_FORMS) && str_is(n->name, "field") && str_is(tree_attr(n, "var"), var))
			return tree_child(n, NS_DATA_FORMS, "value");
	return NULL;
}

/* false: the form is not one of ours that has been filled in. */
static bool read_wish(struct wish *w, const struct tree_node *query, const struct tree_node *form)
{
	const struct tree_node *type = form != NULL ? form_value(form, "FORM_TYPE") : NULL;

	if (form != NULL && !str_is(tree_attr(form, "type"), "submit"))
		return false;
	if (type != NULL && !str_is(type->text, NS_SEARCH))
		return false;
	for (size_t i = 0; i < FIELDS; i++) {
		if (form != NULL)
			want(w, &fields[i], form_value(form, fields[i].var));
		else if (fields[i].element)
			want(w, &fields[i], tree_child(query, NS_SEARCH, fields[i].name));
	}
	return true;
}

/* Counts one more; false when the user has had those of this minute. */
static bool admit(struct account *a, uint32_t most)
{
	uint64_t now = clock_ms();

	if (a->searches == 0 || now - a->searches_since >= WINDOW_MS) {
		a->searches = 0;
		a->searches_since = now;
	}
	return a->searches++ < most;
}

static void ask(struct transit *t, const struct wish *w, answer_fn *fn)
{
	const struct domain_directory *d = directory(t);
	char text[96];

	if (w->too_long) {
		transit_error(t, STANZA_NOT_ACCEPTABLE, "a field is too long");
	} else if (w->letters < d->search_letters) {
		snprintf(text, sizeof text, "at least %u letters are needed", d->search_letters);
		transit_error(t, STANZA_NOT_ACCEPTABLE, text);
	} else if (!admit(t->sender->account, d->search_rate)) {
		transit_error(t, STANZA_RESOURCE_CONSTRAINT, "too many searches; wait a minute");
	} else if (buf_failed(&w->wanted)) {
		transit_error(t, STANZA_RESOURCE_CONSTRAINT, "out of memory");
	} else {
		question_ask(t, &(struct question){.domain = t->to.domain, .wanted = buf_str(&w->wanted),
			.limit = d->search_results, .fn = fn});
	}
}

void search_set(struct transit *t, enum service_place place, const struct tree_node *child)
{
	const struct tree_node *form = tree_child(child, NS_DATA_FORMS, "x");
	struct wish w = {.letters = 0};

	(void)place;
	if (!entitled(t))
		return;
	if (read_wish(&w, child, form))
		ask(t, &w, form != NULL ? on_found_form : on_found_items);
	else
		transit_error(t, STANZA_BAD_REQUEST, NULL);
	buf_fini(&w.wanted);
}
