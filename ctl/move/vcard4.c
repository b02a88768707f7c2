/* A table of properties, with a small writer for each form. */
#include "ctl/move/vcard4.h"

#include <stdbool.h>

#include "xmpp/escape.h"

void vcard_put(struct buf *out, const char *name, struct str text)
{
	if (text.len == 0)
		return;
	buf_printf(out, "<%s>", name);
	escape_text(out, text);
	buf_printf(out, "</%s>", name);
}

static struct str child_text(const struct tree_node *n, const char *name)
{
	const struct tree_node *child = n != NULL ? tree_child(n, NS_VCARD4, name) : NULL;

	return child != NULL ? child->text : STR_NONE;
}

/* The value, of whatever type. */
static struct str value_of(const struct tree_node *property)
{
	for (const struct tree_node *n = property->children; n != NULL; n = n->next)
		if (!str_is(n->name, "parameters"))
			return n->text;
	return STR_NONE;
}

static struct str without(struct str text, const char *prefix)
{
	size_t len = strlen(prefix);

	return text.len >= len && memcmp(text.p, prefix, len) == 0 ? str_make(text.p + len, text.len - len) : text;
}

/* <HOME/>, <WORK/>, <CELL/> ... */
static void put_types(struct buf *out, const struct tree_node *property)
{
	static const struct {
		const char *from, *to;
	} types[] = {{"home", "HOME"}, {"work", "WORK"}, {"voice", "VOICE"}, {"fax", "FAX"}, {"cell", "CELL"},
		{"video", "VIDEO"}, {"pager", "PAGER"}};
	const struct tree_node *parameters = tree_child(property, NS_VCARD4, "parameters");
	const struct tree_node *type = parameters != NULL ? tree_child(parameters, NS_VCARD4, "type") : NULL;

	for (const struct tree_node *n = type != NULL ? type->children : NULL; n != NULL; n = n->next)
		for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
			if (str_is(n->text, types[i].from))
				buf_printf(out, "<%s/>", types[i].to);
}

/* ---- forms ------------------------------------------------------------------------------------------------ */

struct part {
	const char *from, *to;
};

static void put_parts(struct buf *out, const struct tree_node *property, const struct part *parts)
{
	for (; parts->from != NULL; parts++)
		vcard_put(out, parts->to, child_text(property, parts->from));
}

/* The form's element around what the writer puts, unless that is nothing. */
struct form {
	const char *name, *to;
	void (*put)(struct buf *out, const struct tree_node *property);
};

static void put_n(struct buf *out, const struct tree_node *property)
{
	static const struct part parts[] = {{"surname", "FAMILY"}, {"given", "GIVEN"}, {"additional", "MIDDLE"},
		{"prefix", "PREFIX"}, {"suffix", "SUFFIX"}, {NULL, NULL}};

	put_parts(out, property, parts);
}

static void put_value(struct buf *out, const struct tree_node *property)
{
	escape_text(out, value_of(property));
}

static void put_email(struct buf *out, const struct tree_node *property)
{
	struct str address = value_of(property);

	if (address.len == 0)
		return;
	put_types(out, property);
	buf_put_lit(out, "<INTERNET/>");
	vcard_put(out, "USERID", address);
}

static void put_tel(struct buf *out, const struct tree_node *property)
{
	struct str number = without(value_of(property), "tel:");

	if (number.len == 0)
		return;
	put_types(out, property);
	vcard_put(out, "NUMBER", number);
}

static void put_adr(struct buf *out, const struct tree_node *property)
{
	static const struct part parts[] = {{"pobox", "POBOX"}, {"ext", "EXTADD"}, {"street", "STREET"},
		{"locality", "LOCALITY"}, {"region", "REGION"}, {"code", "PCODE"}, {"country", "CTRY"}, {NULL, NULL}};
	struct buf address = BUF_INIT;

	put_parts(&address, property, parts);
	if (address.len > 0)
		put_types(out, property);
	buf_put_str(out, buf_str(&address));
	buf_fini(&address);
}

/* The name, then units of it. */
static void put_org(struct buf *out, const struct tree_node *property)
{
	const char *name = "ORGNAME";

	for (const struct tree_node *n = property->children; n != NULL; n = n->next) {
		if (!str_is(n->name, "text"))
			continue;
		vcard_put(out, name, n->text);
		name = "ORGUNIT";
	}
}

static void put_categories(struct buf *out, const struct tree_node *property)
{
	for (const struct tree_node *n = property->children; n != NULL; n = n->next)
		if (str_is(n->name, "text"))
			vcard_put(out, "KEYWORD", n->text);
}

static void put_impp(struct buf *out, const struct tree_node *property)
{
	struct str uri = value_of(property), address = without(uri, "xmpp:");

	if (address.len < uri.len)
		escape_text(out, address);
}

static const struct form forms[] = {
	{"fn", "FN", put_value},
	{"n", "N", put_n},
	{"nickname", "NICKNAME", put_value},
	{"url", "URL", put_value},
	{"bday", "BDAY", put_value},
	{"title", "TITLE", put_value},
	{"role", "ROLE", put_value},
	{"note", "NOTE", put_value},
	{"tz", "TZ", put_value},
	{"uid", "UID", put_value},
	{"rev", "REV", put_value},
	{"email", "EMAIL", put_email},
	{"tel", "TEL", put_tel},
	{"adr", "ADR", put_adr},
	{"org", "ORG", put_org},
	{"categories", "CATEGORIES", put_categories},
	{"impp", "JABBERID", put_impp},
};

/* ---- a whole one --------------------------------------------------------------------------------------------- */

static const struct form *find_form(const struct tree_node *property)
{
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		if (str_is(property->name, forms[i].name) && str_is(property->ns, NS_VCARD4))
			return &forms[i];
	return NULL;
}

static void put_property(struct buf *out, const struct form *form, const struct tree_node *property)
{
	struct buf inner = BUF_INIT;

	form->put(&inner, property);
	if (inner.len > 0) {
		buf_printf(out, "<%s>", form->to);
		buf_put_str(out, buf_str(&inner));
		buf_printf(out, "</%s>", form->to);
	}
	out->failed = out->failed || buf_failed(&inner);
	buf_fini(&inner);
}

void vcard4_convert(const struct tree_node *vcard, struct buf *out,
	void (*left_out)(void *arg, struct str property), void *arg)
{
	for (const struct tree_node *n = vcard->children; n != NULL; n = n->next) {
		const struct form *form = find_form(n);

		if (form != NULL)
			put_property(out, form, n);
		else if (left_out != NULL)
			left_out(arg, n->name);
	}
}
