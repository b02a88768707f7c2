/*
 * tree - a small read-only tree of inner XML, for those who serve a request
 *
 * Made from canonical inner XML (stanza.h) with one allocation arena, on the reader's parser.  It is
 * wiped when it is freed.
 */
#ifndef BH_TREE_H
#define BH_TREE_H

#include <stddef.h>

#include "base/str.h"

struct tree;

struct tree_attribute {
	struct str name, value; /* without a namespace */
	const struct tree_attribute *next;
};

struct tree_node {
	struct str ns, name;
	struct str text; /* direct character data, unescaped */
	const struct tree_attribute *attributes;
	const struct tree_node *children; /* the first */
	const struct tree_node *next;	  /* the next sibling */
};

/* content_ns is the namespace of undeclared elements.  0, BH_EPROTO or BH_ENOMEM. */
int tree_parse(struct str inner, const char *content_ns, struct tree **out);
void tree_free(struct tree **tree);

/* The first of the top-level elements; NULL for empty inner XML. */
const struct tree_node *tree_first(const struct tree *tree);

const struct tree_node *tree_child(const struct tree_node *node, const char *ns, const char *name);
struct str tree_attr(const struct tree_node *node, const char *name);

#endif
