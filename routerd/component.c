/* The table of components. */
#include "routerd/component.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/list.h"
#include "routerd/front.h"
#include "routerd/session.h"
#include "xmpp/error.h"

struct component {
	struct map_node node;
	char *name, *title;
	struct session *session;
	bool federates;
	bool wanted; /* by the configuration that is being taken */
};

struct component *component_find(const struct router *r, struct str domain)
{
	struct map_node *n = map_find(&r->components, domain.p, domain.len);

	return n != NULL ? container_of(n, struct component, node) : NULL;
}

const char *component_name(const struct component *c)
{
	return c->name;
}

bool component_federates(const struct component *c)
{
	return c->federates;
}

const char *component_title(const struct component *c)
{
	return c->title;
}

struct session *component_session(const struct component *c)
{
	return c->session;
}

void component_joined(struct component *c, struct session *s)
{
	c->session = s;
}

void component_left(struct component *c)
{
	c->session = NULL;
}

static void drop(struct router *r, struct component *c)
{
	map_remove(&r->components, &c->node);
	free(c->name);
	free(c->title);
	free(c);
}

static struct component *make(struct router *r, const char *name)
{
	struct component *c = bh_alloc(sizeof *c);

	c->name = bh_strdup(name);
	if (map_add(&r->components, &c->node, c->name, strlen(name)) == 0)
		return c;
	free(c->name);
	free(c);
	return NULL;
}

static int take(struct router *r, const struct conf *conf, size_t i)
{
	const char *name = conf_component_name(conf, i);
	const char *title = conf_component_text(conf, i, "name");
	struct component *c = component_find(r, str_of(name));

	if (c == NULL)
		c = make(r, name);
	if (c == NULL)
		return BH_ENOMEM;
	c->wanted = true;
	c->federates = strcmp(conf_component_text(conf, i, "s2s"), "off") != 0;
	free(c->title);
	c->title = title != NULL ? bh_strdup(title) : NULL;
	return 0;
}

/* Its connection is closed first; it goes when that has come back. */
static void retire(struct router *r, struct component *c)
{
	if (c->session != NULL)
		session_kill(c->session, STREAM_HOST_GONE, "no longer configured");
	else
		drop(r, c);
}

int components_set(struct router *r, const struct conf *conf)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &r->components);
	while ((n = map_walk_next(&walk)) != NULL)
		container_of(n, struct component, node)->wanted = false;
	for (size_t i = 0; i < conf_components(conf); i++)
		if (take(r, conf, i) != 0)
			return BH_ENOMEM;
	map_walk_start(&walk, &r->components);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct component *c = container_of(n, struct component, node);

		if (!c->wanted)
			retire(r, c);
	}
	return 0;
}

void components_free(struct router *r)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &r->components);
	while ((n = map_walk_next(&walk)) != NULL)
		drop(r, container_of(n, struct component, node));
	map_fini(&r->components);
}

void components_each(const struct router *r, void (*each)(void *arg, const struct component *c),
	void *arg)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &r->components);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct component *c = container_of(n, struct component, node);

		if (c->session != NULL)
			each(arg, c);
	}
}
