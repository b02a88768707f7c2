/* Error conditions: their names, and the elements that carry them. */
#include "xmpp/error.h"

#include "xmpp/escape.h"
#include "xmpp/names.h"

struct condition {
	const char *name;
	const char *type;
	unsigned code;
};

static const char *const stream_names[] = {
#define XX(name, number, text) [number] = text,
	STREAM_ERROR_MAP(XX)
#undef XX
};

static const struct condition stanza_conditions[] = {
#define XX(name, number, text, type, code) [number] = {text, type, code},
	STANZA_ERROR_MAP(XX)
#undef XX
};

static const char *const sasl_names[] = {
#define XX(name, number, text) [number] = text,
	SASL_ERROR_MAP(XX)
#undef XX
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

const char *stream_error_name(unsigned condition)
{
	return condition < LENGTH(stream_names) ? stream_names[condition] : NULL;
}

const char *stanza_error_name(unsigned condition)
{
	return condition < LENGTH(stanza_conditions) ? stanza_conditions[condition].name : NULL;
}

const char *sasl_error_name(unsigned condition)
{
	return condition < LENGTH(sasl_names) ? sasl_names[condition] : NULL;
}

/* <name xmlns='ns'/>; no xmlns where ns is NULL. */
static void put_empty(struct buf *out, const char *name, const char *ns)
{
	buf_put_byte(out, '<');
	buf_put(out, name, strlen(name));
	escape_put_attribute(out, "xmlns", str_of(ns));
	buf_put_lit(out, "/>");
}

static void put_text(struct buf *out, struct str text, const char *ns)
{
	if (text.p == NULL)
		return;
	buf_put_lit(out, "<text");
	escape_put_attribute(out, "xmlns", str_of(ns));
	if (text.len == 0) {
		buf_put_lit(out, " xml:lang='en'/>");
		return;
	}
	buf_put_lit(out, " xml:lang='en'>");
	escape_text(out, text);
	buf_put_lit(out, "</text>");
}

void stream_error_write(struct buf *out, unsigned condition, struct str text)
{
	stream_error_write_with(out, condition, text, STR_NONE);
}

void stream_error_write_with(struct buf *out, unsigned condition, struct str text, struct str element)
{
	if (stream_error_name(condition) == NULL)
		condition = STREAM_UNDEFINED_CONDITION;
	buf_put_lit(out, "<stream:error>");
	put_empty(out, stream_error_name(condition), NS_STREAM_ERRORS);
	put_text(out, text, NS_STREAM_ERRORS);
	buf_put_str(out, element);
	buf_put_lit(out, "</stream:error>");
}

void stanza_error_write_with(struct buf *out, unsigned condition, struct str text,
	const struct stanza_error_detail *detail)
{
	static const struct stanza_error_detail none;
	const struct condition *c;

	if (stanza_error_name(condition) == NULL)
		condition = STANZA_UNDEFINED_CONDITION;
	c = &stanza_conditions[condition];
	buf_put_lit(out, "<error");
	if (detail == NULL)
		detail = &none;
	escape_put_attribute(out, "type", str_of(detail->type != NULL ? detail->type : c->type));
	if (c->code != 0)
		buf_printf(out, " code='%u'", c->code);
	buf_put_byte(out, '>');
	put_empty(out, c->name, NS_STANZA_ERRORS);
	put_text(out, text, NS_STANZA_ERRORS);
	buf_put_str(out, detail->element);
	buf_put_lit(out, "</error>");
}

void stanza_error_write(struct buf *out, unsigned condition, struct str text)
{
	stanza_error_write_with(out, condition, text, NULL);
}

void sasl_failure_write(struct buf *out, unsigned condition, struct str text)
{
	if (sasl_error_name(condition) == NULL)
		condition = SASL_TEMPORARY_AUTH_FAILURE;
	buf_put_lit(out, "<failure xmlns='" NS_SASL "'>");
	put_empty(out, sasl_error_name(condition), NULL);
	put_text(out, text, NULL);
	buf_put_lit(out, "</failure>");
}
