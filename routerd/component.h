/*
 * component - external components (XEP-0114): domains that other programs serve
 *
 * Those of the configuration, connected or not.  A component's session is a session without an
 * account; it may send as any address of its domain.
 */
#ifndef ROUTERD_COMPONENT_H
#define ROUTERD_COMPONENT_H

#include "base/map.h"
#include "base/str.h"
#include "conf/conf.h"
#include "routerd/router.h"

struct component;
struct session;

/* Makes the map what the configuration says; a component that it has no more loses its
 * connection.  0 or BH_ENOMEM. */
int components_set(struct router *r, const struct conf *conf);
void components_free(struct router *r);

/* NULL for a domain that is no component's. */
struct component *component_find(const struct router *r, struct str domain);

const char *component_name(const struct component *c);
/* What disco shows, or NULL. */
bool component_federates(const struct component *c);
const char *component_title(const struct component *c);
/* NULL while it is not connected. */
struct session *component_session(const struct component *c);
void component_joined(struct component *c, struct session *s);
void component_left(struct component *c);

/* Calls each(arg, c) for those that are connected. */
void components_each(const struct router *r, void (*each)(void *arg, const struct component *c),
	void *arg);

#endif
