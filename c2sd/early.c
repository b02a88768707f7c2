/* Stanzas before authentication. */
#include "c2sd/early.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "c2sd/answer.h"
#include "c2sd/legacy.h"
#include "c2sd/register.h"
#include "xmpp/names.h"

static const struct {
	const char *ns;
	void (*serve)(struct client *c, const struct early_request *r);
} services[] = {
	{NS_REGISTER, register_request},
	{NS_LEGACY_AUTH, legacy_request},
};

void early_refuse(struct client *c)
{
	client_fail(c, STREAM_NOT_AUTHORIZED, "log in first");
}

struct str early_field(const struct early_request *r, const char *name)
{
	char ns[64];
	const struct tree_node *n;

	snprintf(ns, sizeof ns, "%.*s", STR_FMT(r->query->ns));
	n = tree_child(r->query, ns, name);
	return n != NULL && n->text.len > 0 ? n->text : STR_NONE;
}

void early_begin(struct client *c, const struct early_request *r, enum client_state state)
{
	c->state = (uint8_t)state;
	c->request_id = bh_strndup(r->id.p, r->id.len);
}

static void end(struct client *c)
{
	c->state = CLIENT_SECURE;
	free(c->request_id);
	c->request_id = NULL;
}

void early_done(struct client *c)
{
	answer_result(c, str_of(c->request_id), STR_LIT(""));
	end(c);
}

void early_failed(struct client *c, unsigned condition, struct str text)
{
	answer_error(c, str_of(c->request_id), condition, text);
	end(c);
}

static void serve(struct client *c, const struct early_request *r)
{
	for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
		if (str_is(r->query->ns, services[i].ns)) {
			services[i].serve(c, r);
			return;
		}
	early_refuse(c);
}

void early_stanza(struct client *c, const struct element *e)
{
	const struct stanza *s = &e->stanza;
	struct early_request r = {.id = s->id, .set = s->type == TYPE_SET};
	struct tree *tree = NULL;

	if (s->kind != STANZA_IQ || s->id.p == NULL || (s->type != TYPE_GET && !r.set) ||
		tree_parse(s->inner, NS_CLIENT, &tree) != 0) {
		early_refuse(c);
		return;
	}
	r.query = tree_first(tree);
	if (r.query != NULL && str_is(r.query->name, "query"))
		serve(c, &r);
	else
		early_refuse(c);
	tree_free(&tree);
}
