/*
 * pending - what is kept of a request to subscribe until it is answered (RFC 6121 3.1.3)
 *
 * The whole stanza where it is small.  Of a longer one, which anybody may send, there remain the beginnings of its
 * <status/> and its <nick/> (XEP-0172).  The `to` may be absent: it is the account.
 */
#ifndef ROUTERD_PENDING_H
#define ROUTERD_PENDING_H

#include "base/buf.h"
#include "xmpp/stanza.h"

/* Bytes of an envelope; longer ones of former versions are not read (SQL_CONTACTS_GET), and shown as bare requests. */
enum { PENDING_MAX = 1024 };

/* The envelope to keep, not above PENDING_MAX.  buf_failed() tells of lack of memory. */
void pending_encode(struct buf *out, const struct stanza *s);

#endif
