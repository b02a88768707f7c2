/*
 * tls_private - what a TLS session takes from a store and from the process; lib/net only
 */
#ifndef BH_TLS_PRIVATE_H
#define BH_TLS_PRIVATE_H

#include <gnutls/gnutls.h>
#include <stdbool.h>

#include "base/str.h"
#include "net/tls.h"

/* What a session's gnutls_session_get_ptr() is. */
struct tls_choice {
	struct tls_store *store;
	bool client;
	struct str local; /* of a client: whose certificate it shows, where it has one; absent: none */
};

gnutls_certificate_credentials_t tls_store_credentials(const struct tls_store *store);
bool tls_store_asks_client(const struct tls_store *store);
/* The store's own copy of that name (lower case, A-labels); absent when it has no such domain. */
struct str tls_store_domain(const struct tls_store *store, struct str name);

/* The name that the client asked for, in lower case; its length, 0 without. */
enum { TLS_NAME_SIZE = 256 };
size_t tls_requested_name(gnutls_session_t session, char out[TLS_NAME_SIZE]);

gnutls_priority_t tls_priority(void);
/* The ticket key of this process and day. */
const gnutls_datum_t *tls_ticket_key(void);

#endif
