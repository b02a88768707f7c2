/* Data forms, written and read. */
#include "routerd/form.h"

#include "xmpp/escape.h"
#include "xmpp/names.h"

static void element(struct buf *out, const char *name, struct str text)
{
	buf_printf(out, "<%s>", name);
	escape_text(out, text);
	buf_printf(out, "</%s>", name);
}

void form_begin(struct buf *out, const char *type, const char *form_type)
{
	buf_printf(out, "<x xmlns='" NS_DATA_FORMS "' type='%s'><field type='hidden' var='FORM_TYPE'>", type);
	element(out, "value", str_of(form_type));
	buf_put_lit(out, "</field>");
}

void form_title(struct buf *out, const char *title, const char *instructions)
{
	element(out, "title", str_of(title));
	element(out, "instructions", str_of(instructions));
}

static void put_option(struct buf *out, const char *option)
{
	buf_put_lit(out, "<option");
	escape_put_attribute(out, "label", str_of(option));
	buf_put_byte(out, '>');
	element(out, "value", str_of(option));
	buf_put_lit(out, "</option>");
}

void form_ask(struct buf *out, const struct form_field *field)
{
	buf_put_lit(out, "<field");
	escape_put_attribute(out, "label", str_of(field->label));
	escape_put_attribute(out, "type", str_of(field->type));
	escape_put_attribute(out, "var", str_of(field->var));
	buf_put_byte(out, '>');
	if (field->required)
		buf_put_lit(out, "<required/>");
	for (const char *const *o = field->options; o != NULL && *o != NULL; o++)
		put_option(out, *o);
	buf_put_lit(out, "</field>");
}

void form_end(struct buf *out)
{
	buf_put_lit(out, "</x>");
}

void form_answer_begin(struct buf *out, const char *var, const char *label)
{
	buf_put_lit(out, "<field");
	escape_put_attribute(out, "label", str_of(label));
	escape_put_attribute(out, "var", str_of(var));
	buf_put_byte(out, '>');
}

void form_value(struct buf *out, struct str value)
{
	element(out, "value", value);
}

void form_answer_end(struct buf *out)
{
	buf_put_lit(out, "</field>");
}

/* A form that was cancelled is one that was filled in (XEP-0050 3.6.1). */
const struct tree_node *form_submitted(const struct tree_node *in)
{
	const struct tree_node *x = tree_child(in, NS_DATA_FORMS, "x");

	if (x == NULL)
		return NULL;
	return str_is(tree_attr(x, "type"), "submit") || str_is(tree_attr(x, "type"), "cancel") ? x : NULL;
}

static const struct tree_node *find_field(const struct tree_node *form, const char *var)
{
	for (const struct tree_node *n = form->children; n != NULL; n = n->next)
		if (str_is(n->name, "field") && str_is(n->ns, NS_DATA_FORMS) && str_is(tree_attr(n, "var"), var))
			return n;
	return NULL;
}

bool form_next(const struct tree_node *form, const char *var, const struct tree_node **at, struct str *value)
{
	const struct tree_node *field, *n;

	if (*at != NULL) {
		n = (*at)->next;
	} else {
		field = find_field(form, var);
		n = field != NULL ? field->children : NULL;
	}
	while (n != NULL && !(str_is(n->name, "value") && str_is(n->ns, NS_DATA_FORMS)))
		n = n->next;
	*at = n;
	if (n != NULL)
		*value = n->text;
	return n != NULL;
}
