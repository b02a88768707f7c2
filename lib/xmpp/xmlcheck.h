/*
 * xmlcheck - is this inner XML what our writer makes?
 *
 * Run by routerd on what a front end sends: a front end that has been taken over could put
 * in anything, and at the far end it is copied into somebody's stream (architecture.md,
 * invariant 3).  Accepts the canonical form below and nothing else.  No allocation; one pass; at
 * least 1 GB/s, on markup too, and linear in the worst case (tools/bench --measure xmlcheck).
 *
 * Canonical form.  Inner XML is a run of elements, no text between them at the top:
 *
 *   inner     = *element
 *   element   = '<' name [default] *attribute '/>'                       (no content)
 *             | '<' name [default] *attribute '>' 1*content '</' name '>'   (the same name)
 *   content   = element | text
 *   default   = " xmlns='" value "'"
 *   attribute = ' ' name "='" value "'"                         (name is not xmlns)
 *             | ' xml:' name "='" value "'"
 *             | ' xmlns:ns' N "='" value "' ns" N ':' name "='" value "'"
 *   text      = 1*( char but & < > ' " CR | '&amp;' | '&lt;' | '&gt;' | '&apos;' | '&quot;' | '&#13;' )
 *   value     = *( as text, but TAB, LF as '&#9;', '&#10;' )
 *   name      = an NCName of Namespaces in XML 1.0, so without a colon; of XML 1.0 before its fifth edition,
 *               whose new names expat does not know: who reads us with it would end the stream
 *   char      = a character of XML 1.0 in UTF-8
 *
 * No other blanks.  There is no comment, PI, CDATA or DTD, and no other reference.
 *
 * default stands exactly where the namespace is not that of the parent.  The parent of the
 * top elements is in the content namespace, which is always called jabber:client there, on a server
 * stream too: so an element back in it, inside a foreign one, has xmlns='jabber:client', and
 * xmlns='jabber:server' never occurs.  No namespace is xmlns=''.
 *
 * N counts an element's namespaced attributes from 1: each has a declaration of its own.  Its
 * namespace is not empty.  The namespaces of xml and xmlns are declared by nobody.  No attribute
 * occurs twice in an element, also not by way of two prefixes.
 *
 * At most XMLCHECK_DEPTH_MAX elements are open at once, an element has at most
 * XMLCHECK_ATTRIBUTES_MAX attributes, default not counted: a reader's limits must not be wider.
 */
#ifndef BH_XMLCHECK_H
#define BH_XMLCHECK_H

#include "base/str.h"

enum { XMLCHECK_DEPTH_MAX = 64, XMLCHECK_ATTRIBUTES_MAX = 128 };

/* 0 or BH_EPROTO. */
int xmlcheck_inner(struct str inner);

/* The elements at the top, against which an envelope is held: what it says of them is believed later. */
struct xmlcheck_top {
	size_t elements;
	bool claims_id; /* there is a <stanza-id/>, XEP-0359 */
};

/* The same; top is filled in when 0 is returned. */
int xmlcheck_inner_top(struct str inner, struct xmlcheck_top *top);

/* The same for the attributes of a stanza's tag (stanza.attrs): *attribute, namespaced ones only,
 * none with the prefix xml. */
int xmlcheck_attrs(struct str attrs);

/* Is it valid UTF-8 of characters that XML 1.0 allows?  (Unescaped text; absent is valid.) */
bool xmlcheck_text(struct str text);

#endif
