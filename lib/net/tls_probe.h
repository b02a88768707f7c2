/*
 * tls_probe - a handshake as a client, on a socket of the caller's, to see what a server's certificate is worth
 *
 * It waits: for programs that have nothing else to do.
 */
#ifndef BH_TLS_PROBE_H
#define BH_TLS_PROBE_H

#include "net/tls.h"
#include "net/tls_finding.h"

struct tls_probe {
	const char *server; /* a host name or an address, which the certificate must name */
	const char *ca;	    /* file (PEM): whom it must be from; NULL: those that the system trusts */
	unsigned timeout_ms;
	const char *say, *until; /* after the handshake that is said, and what comes is read up to the other; or NULL */
};

struct tls_probed {
	char certificate[640];		  /* in a line; empty where none was shown */
	char chain[TLS_FINGERPRINT_SIZE]; /* of all that were shown, whatever they are worth */
	struct tls_found found;		  /* what is wrong with it, or its dates */
	char heard[8192];		  /* the answer to what was said */
	char why[512];			  /* whatever is wrong */
};

/* 0: it is good, though maybe not for long.  BH_EDENIED: it is not; BH_EIO: there was no handshake; BH_ECONFIG: the file
 * of the authorities cannot be read. */
int tls_probe(int fd, const struct tls_probe *want, struct tls_probed *out);

#endif
