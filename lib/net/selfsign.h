/*
 * selfsign - a self-signed certificate for a domain, to begin with
 */
#ifndef BH_SELFSIGN_H
#define BH_SELFSIGN_H

#include <stddef.h>

/* Makes an EC P-256 key and a certificate for the domain (a dNSName of its subjectAltName) that
 * is good for ten years, and writes both as PEM: the key with mode 0600.  Neither file may
 * exist.  0, or negative with a sentence in what. */
int selfsign_write(const char *domain, const char *certificate, const char *key, char *what,
	size_t what_size);

#endif
