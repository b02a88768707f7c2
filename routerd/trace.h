/*
 * trace - an administrator watches the stanzas of an account or a domain (`bulkheadctl trace`)
 *
 * A trace is a request whose rows come while it lasts: time, direction ("in": from the stream's other side to us; "out": to it),
 * connection as in the log ("-": it goes into the store), whose session, the stanza, and how many rows were lost before this
 * one.  It ends with the administrator's connection.  Texts are redacted (lib/xmpp/redact.h) before they leave routerd.
 *
 * A slow administrator loses rows; nobody waits for him.  Without a trace a stanza costs one comparison.
 */
#ifndef ROUTERD_TRACE_H
#define ROUTERD_TRACE_H

#include "routerd/relay.h"

struct parcel;
struct session;
struct transit;

/* Arguments: an address or a domain, and "--bodies". */
void trace_begin(struct router *r, const struct relay_ask *ask);
/* That peer is gone, and its traces. */
void trace_gone(struct router *r, const struct bus_peer *peer);

void trace_show_in(const struct session *s, const struct transit *t);
void trace_show_out(const struct session *s, const struct parcel *p);

/* The session's stream has sent that; it is to get that. */
#define trace_in(s, t) (__builtin_expect((s)->origin->router->traces != NULL, 0) ? trace_show_in((s), (t)) : (void)0)
#define trace_out(s, p) (__builtin_expect((s)->origin->router->traces != NULL, 0) ? trace_show_out((s), (p)) : (void)0)

#endif
