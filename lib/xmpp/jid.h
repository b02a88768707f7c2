/*
 * jid - XMPP addresses (RFC 6122 profiles: nodeprep, IDNA, resourceprep)
 *
 * A JID is prepared once, at the edge, and is canonical from then on: two equal addresses
 * compare byte for byte.  struct jid only points into its text, which it borrows.
 */
#ifndef BH_JID_H
#define BH_JID_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum { JID_PART_MAX = 1023, JID_MAX = 3 * JID_PART_MAX + 2 };

struct jid {
	struct str full;     /* the whole text */
	struct str bare;     /* local@domain, or domain */
	struct str local;    /* p is NULL where the part is absent */
	struct str domain;
	struct str resource;
};

/* Prepares text of any form into out (JID_MAX + 1 bytes, NUL-terminated), and points *jid
 * into it.  0 or BH_EINVAL.  Plain lower-case ASCII takes a fast path. */
int jid_prepare(struct str text, char out[JID_MAX + 1], struct jid *jid);

/* Accepts only text that is in prepared form already, and points *jid into it.  For what
 * comes over the bus, from processes that should have prepared it. */
int jid_check(struct str text, struct jid *jid);

/* Splits text that is known to be prepared: no check at all. */
void jid_split(struct str text, struct jid *jid);

/* Prepares one part alone.  *len is set; 0 or BH_EINVAL. */
int jid_prepare_local(struct str text, char out[JID_PART_MAX + 1], size_t *len);
int jid_prepare_domain(struct str text, char out[JID_PART_MAX + 1], size_t *len);
int jid_prepare_resource(struct str text, char out[JID_PART_MAX + 1], size_t *len);

/* A prepared domain as the DNS and certificates have it (A-labels), with a NUL.  0 or BH_EINVAL. */
int jid_domain_ascii(struct str domain, char *out, size_t size);

#endif
