/*
 * vcard4 - a vCard4 as XML (RFC 6351, XEP-0292) into vcard-temp (XEP-0054)
 *
 * Of each property the first text or URI counts, and whether it is of home or of work.
 */
#ifndef CTL_MOVE_VCARD4_H
#define CTL_MOVE_VCARD4_H

#include "base/buf.h"
#include "xmpp/tree.h"

#define NS_VCARD4 "urn:ietf:params:xml:ns:vcard-4.0"

/* Appends what stands in a <vCard/>.  Calls left_out, where it is not NULL, with each property that has no place there. */
void vcard4_convert(const struct tree_node *vcard, struct buf *out,
	void (*left_out)(void *arg, struct str property), void *arg);

/* Appends <NAME>text</NAME>, where there is a text. */
void vcard_put(struct buf *out, const char *name, struct str text);

#endif
