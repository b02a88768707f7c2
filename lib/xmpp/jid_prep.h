/*
 * jid_prep - the parts of an address that are not plain ASCII: libidn, libidn2, and IP literals
 *
 * What comes out is stable: prepared once more it stays the same, so that jid_check() accepts
 * what jid_prepare() has made.  Inputs are 1 to JID_PART_MAX bytes of any kind.
 */
#ifndef BH_JID_PREP_H
#define BH_JID_PREP_H

#include "xmpp/jid.h"

enum { JID_LABEL_MAX = 63 };

int jid_prep_local(struct str text, char out[JID_PART_MAX + 1], size_t *len);
int jid_prep_domain(struct str text, char out[JID_PART_MAX + 1], size_t *len);
int jid_prep_resource(struct str text, char out[JID_PART_MAX + 1], size_t *len);

#endif
