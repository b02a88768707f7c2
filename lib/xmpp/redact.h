/*
 * redact - inner XML without what people wrote, for an administrator who watches stanzas
 *
 * Elements, their namespaces and the attributes by which a stanza works (addresses, types, ids, nodes, …) stay;
 * texts and all other attributes are replaced by their length.  With `bodies` everything stays but credentials: the
 * queries of XEP-0077 and XEP-0078, elements and attributes called "password", and fields of forms that are private
 * or named as a password or secret.  Those are "(secret)" in either case.
 *
 * The input is canonical (xmlcheck.h); what is not is cut where it stops to be.  The output is for eyes: it is not
 * canonical.
 */
#ifndef BH_REDACT_H
#define BH_REDACT_H

#include "base/buf.h"
#include "base/str.h"

void redact_inner(struct buf *out, struct str inner, bool bodies);

#endif
