/* Records, and a chain of certificates held against them. */
#include "net/dane.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "net/tls_certs.h"
#include "net/tls_names.h"
#include "net/tls_peer.h"

enum { RECORDS_MAX = 16, DATA_MAX = 4096 };

/* RFC 7218 */
enum { PKIX_TA, PKIX_EE, DANE_TA, DANE_EE };
enum { CERT, SPKI };
enum { FULL, SHA2_256, SHA2_512 };

struct record {
	uint8_t usage, selector, matching;
	char *data;
	uint32_t len;
};

struct dane {
	char *host;
	unsigned n;
	struct record records[RECORDS_MAX];
};

struct dane *dane_create(const char *host)
{
	struct dane *d = bh_alloc(sizeof *d);

	d->host = bh_strdup(host);
	return d;
}

void dane_free(struct dane **d)
{
	struct dane *gone = *d;

	*d = NULL;
	if (gone == NULL)
		return;
	for (unsigned i = 0; i < gone->n; i++)
		free(gone->records[i].data);
	free(gone->host);
	free(gone);
}

static bool usable(const struct tlsa *t)
{
	if (t->usage > DANE_EE || t->selector > SPKI)
		return false;
	switch (t->matching) {
	case FULL:
		return t->data.len > 0 && t->data.len <= DATA_MAX;
	case SHA2_256:
		return t->data.len == 32;
	case SHA2_512:
		return t->data.len == 64;
	default:
		return false;
	}
}

void dane_add(struct dane *d, const struct tlsa *t)
{
	if (d->n == RECORDS_MAX || !usable(t))
		return;
	d->records[d->n++] = (struct record){.usage = t->usage, .selector = t->selector, .matching = t->matching,
		.data = bh_strndup(t->data.p, t->data.len), .len = t->data.len};
}

unsigned dane_count(const struct dane *d)
{
	return d->n;
}

/* ---- one certificate, one record ------------------------------------------------------- */

static bool is_part(const struct record *r, const gnutls_datum_t *part)
{
	uint8_t digest[64];

	if (r->matching == FULL)
		return part->size == r->len && memcmp(part->data, r->data, r->len) == 0;
	return gnutls_hash_fast(r->matching == SHA2_256 ? GNUTLS_DIG_SHA256 : GNUTLS_DIG_SHA512, part->data, part->size,
		       digest) == 0 &&
	       memcmp(digest, r->data, r->len) == 0;
}

static bool has_key(const struct record *r, gnutls_x509_crt_t cert)
{
	gnutls_datum_t der = {0};
	gnutls_pubkey_t key;
	bool yes = false;

	if (gnutls_pubkey_init(&key) != 0)
		return false;
	if (gnutls_pubkey_import_x509(key, cert, 0) == 0 &&
		gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &der) == 0)
		yes = is_part(r, &der);
	gnutls_free(der.data);
	gnutls_pubkey_deinit(key);
	return yes;
}

/* ---- the chain ------------------------------------------------------------------------- */

struct chain {
	const gnutls_datum_t *der;
	struct tls_certs certs;
	bool named; /* the first names whom it is to name */
	bool pkix;  /* and is valid by the authorities that are trusted here */
};

static bool matches(const struct record *r, const struct chain *c, unsigned i)
{
	return r->selector == CERT ? is_part(r, &c->der[i]) : has_key(r, c->certs.of[i]);
}

/* Those before it in the chain are valid when that one is believed. */
static bool valid_below(const struct chain *c, unsigned anchor)
{
	gnutls_x509_trust_list_t list;
	gnutls_x509_crt_t certs[TLS_CHAIN_MAX], root = c->certs.of[anchor];
	unsigned status = GNUTLS_CERT_INVALID;

	if (gnutls_x509_trust_list_init(&list, 0) != 0)
		return false;
	memcpy(certs, c->certs.of, sizeof certs); /* they are put in order */
	if (gnutls_x509_trust_list_add_cas(list, &root, 1, 0) != 1 ||
		gnutls_x509_trust_list_verify_crt(list, certs, anchor, 0, &status, NULL) != 0)
		status = GNUTLS_CERT_INVALID;
	gnutls_x509_trust_list_deinit(list, 0);
	return status == 0;
}

static bool anchored(const struct record *r, const struct chain *c)
{
	for (unsigned i = 1; i < c->certs.n; i++)
		if (matches(r, c, i) && valid_below(c, i))
			return true;
	return false;
}

/* Usage 3 binds the key alone: neither names nor dates are looked at (RFC 7671 5.1). */
static bool holds(const struct record *r, const struct chain *c)
{
	switch (r->usage) {
	case DANE_EE:
		return matches(r, c, 0);
	case DANE_TA:
		return c->named && anchored(r, c);
	case PKIX_EE:
		return c->pkix && matches(r, c, 0);
	default:
		return c->pkix && anchored(r, c);
	}
}

int tls_peer_check_dane(
	gnutls_session_t session, const struct dane *d, struct str domain, char *why, size_t size)
{
	struct chain c = {.der = gnutls_certificate_get_peers(session, &(unsigned){0})};
	bool good = false;

	tls_certs_shown(&c.certs, session);
	if (c.certs.n > 0) {
		c.named = tls_names_server(c.certs.of[0], domain) || tls_names_server(c.certs.of[0], str_of(d->host));
		c.pkix = tls_peer_check(session, domain, why, size) == 0;
		for (unsigned i = 0; i < d->n && !good; i++)
			good = holds(&d->records[i], &c);
	}
	tls_certs_fini(&c.certs);
	if (good)
		return 0;
	snprintf(why, size, "it is not the one that the DNS names (TLSA)");
	return BH_EDENIED;
}
