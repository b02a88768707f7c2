/*
 * form - data forms (XEP-0004): what is asked, what is answered, what has been filled in
 */
#ifndef ROUTERD_FORM_H
#define ROUTERD_FORM_H

#include <stdbool.h>

#include "base/buf.h"
#include "xmpp/tree.h"

/* A field to be filled in. */
struct form_field {
	const char *var, *type, *label;
	bool required;
	const char *const *options; /* NULL-terminated; or NULL */
};

/* <x/> of that type ("form", "result") with its FORM_TYPE; then what is in it; then its end. */
void form_begin(struct buf *out, const char *type, const char *form_type);
void form_title(struct buf *out, const char *title, const char *instructions);
void form_ask(struct buf *out, const struct form_field *field);
void form_end(struct buf *out);

/* A field of a result: then any number of values. */
void form_answer_begin(struct buf *out, const char *var, const char *label);
void form_value(struct buf *out, struct str value);
void form_answer_end(struct buf *out);

/* The form in that element that has been filled in; NULL: there is none. */
const struct tree_node *form_submitted(const struct tree_node *in);
/* The next value of its field; *at is NULL at first, and for want of more values false. */
bool form_next(const struct tree_node *form, const char *var, const struct tree_node **at, struct str *value);

#endif
