/*
 * dane - what the DNS says of a server's certificate (RFC 6698, 7671, 7673)
 *
 * Only from answers that were validated (DNSSEC).  Where there are records that can be used, the certificate has to be
 * what one of them says; the authorities that are trusted here count only for the usages that ask for them (0 and 1).
 */
#ifndef BH_DANE_H
#define BH_DANE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* A record; data borrows from whoever has it. */
struct tlsa {
	uint8_t usage, selector, matching;
	struct str data;
};

struct dane;

/* host: the server's name, in A-labels, which a certificate of usage 2 may show instead of the domain's. */
struct dane *dane_create(const char *host);
void dane_free(struct dane **d);

/* Copies it, where it is of a kind that can be used; others say nothing (RFC 7671 2.1 and 10.1). */
void dane_add(struct dane *d, const struct tlsa *record);
unsigned dane_count(const struct dane *d);

#endif
