/*
 * meaning - what stands in a stream's root element, by libxml2 and by expat, as a text to be compared
 *
 * Each element is a line with its namespace, name and attributes in order, and its end another;
 * character data is a line of its own.  Prefixes, declarations, the kind of quotes and of references
 * mean nothing, and are not in it.  The content namespaces of all kinds of streams are one.
 */
#ifndef MEANING_H
#define MEANING_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

struct meaning {
	struct buf text;
	unsigned children, grandchildren; /* elements in the root, and in those */
	/* Of what is sent to a server, only what it takes: stanzas, which are of this content namespace, and of
	 * their own tags what RFC 6120 (8.1) knows and what has a namespace, without text between their
	 * children.  NULL: everything. */
	const char *taken;
};

/* false: the document is not well-formed; then the rest counts for nothing.  A comment, a PI or a DTD
 * has a line that nothing else has.  meaning_fini() in any case. */
typedef bool meaning_fn(struct str document, struct meaning *m);
meaning_fn meaning_libxml2, meaning_expat;

void meaning_fini(struct meaning *m);

#endif
