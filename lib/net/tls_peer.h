/*
 * tls_peer - who the client says it is: SNI and certificate; lib/net only
 */
#ifndef BH_TLS_PEER_H
#define BH_TLS_PEER_H

#include <gnutls/gnutls.h>

/* The first xmppAddr (RFC 6120 13.7.1.4) of the client's certificate, when the session's own
 * credentials verify it; else NULL.  The caller frees it. */
char *tls_peer_jid(gnutls_session_t session);

#endif
