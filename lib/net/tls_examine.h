/*
 * tls_examine - all that can be said of a certificate file and its key, without a handshake
 *
 * For an administrator who wants to know whether others will accept it.
 */
#ifndef BH_TLS_EXAMINE_H
#define BH_TLS_EXAMINE_H

#include <stdbool.h>
#include <stdint.h>

#include "net/tls.h"

struct tls_examined {
	bool readable;	      /* else `why` says why not, and nothing else is set */
	bool key_read;	      /* else `key_why` */
	bool key_fits;	      /* of a key that was read: it is the certificate's */
	bool trusted;	      /* its chain ends at an authority; else `why` */
	bool for_clients;     /* it names the domain, as clients look for it (RFC 6120 13.7) */
	bool for_servers;     /* the same, as other servers do */
	bool weak_signature;  /* of it, or of one between it and the authority */
	unsigned weak_bits;   /* its key has only so many; 0: it is strong enough */
	int64_t begins, expires; /* wall clock, s */
	char subject[256];
	char tlsa[65]; /* SHA-256 of its public key, in hexadecimal: what a record TLSA 3 1 1 has (RFC 6698) */
	uint8_t sha256[32]; /* of the whole certificate */
	char why[512], key_why[256];
};

/* ca: a file of authorities that count besides those of the system; NULL: none. */
void tls_examine(const struct tls_identity *id, const char *ca, struct tls_examined *out);

#endif
