/*
 * net_certs - keys and certificates for the tests of lib/net, made when needed
 */
#ifndef BH_TEST_NET_CERTS_H
#define BH_TEST_NET_CERTS_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CERTS_DAY (24 * 60 * 60)

struct cert_spec {
	const char *name;   /* NAME.crt and NAME.key */
	const char *common_name; /* NULL: the name */
	const char *dns;    /* subjectAltName, or NULL */
	const char *xmpp;   /* xmppAddr, or NULL */
	const char *srv;    /* SRVName, or NULL */
	bool server_only;   /* good for TLS servers, and nothing else */
	const char *issuer; /* the name of a CA made before; NULL: by itself */
	bool ca;
	int from_days, to_days; /* from now; 0, 0: good for a day around now */
	gnutls_pk_algorithm_t algorithm; /* 0: a key of the P-256 curve */
	unsigned bits;			 /* or the curve, as GnuTLS has it in one number */
};

static char certs_dir[64];

#define CERTS_MUST(call)                                                                           \
	do {                                                                                       \
		if ((call) < 0) {                                                                  \
			fprintf(stderr, "%s failed\n", #call);                                     \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

static inline const char *certs_path(const char *name, const char *suffix)
{
	static char paths[8][160];
	static unsigned turn;
	char *path = paths[turn++ % 8];

	snprintf(path, sizeof paths[0], "%s/%s%s", certs_dir, name, suffix);
	return path;
}

static inline void certs_write(const char *path, const void *p, size_t n)
{
	FILE *f = fopen(path, "w");

	if (f == NULL || fwrite(p, 1, n, f) != n || fclose(f) != 0)
		abort();
}

static inline gnutls_x509_crt_t certs_read_crt(const char *name)
{
	gnutls_datum_t pem;
	gnutls_x509_crt_t crt;

	CERTS_MUST(gnutls_load_file(certs_path(name, ".crt"), &pem));
	CERTS_MUST(gnutls_x509_crt_init(&crt));
	CERTS_MUST(gnutls_x509_crt_import(crt, &pem, GNUTLS_X509_FMT_PEM));
	gnutls_free(pem.data);
	return crt;
}

static inline gnutls_x509_privkey_t certs_read_key(const char *name)
{
	gnutls_datum_t pem;
	gnutls_x509_privkey_t key;

	CERTS_MUST(gnutls_load_file(certs_path(name, ".key"), &pem));
	CERTS_MUST(gnutls_x509_privkey_init(&key));
	CERTS_MUST(gnutls_x509_privkey_import(key, &pem, GNUTLS_X509_FMT_PEM));
	gnutls_free(pem.data);
	return key;
}

static inline void certs_fill(gnutls_x509_crt_t crt, const struct cert_spec *spec)
{
	const char *cn = spec->common_name != NULL ? spec->common_name : spec->name;
	time_t now = time(NULL);
	static unsigned char serial;

	serial++;
	CERTS_MUST(gnutls_x509_crt_set_version(crt, 3));
	CERTS_MUST(gnutls_x509_crt_set_serial(crt, &serial, 1));
	CERTS_MUST(gnutls_x509_crt_set_activation_time(
		crt, now + (spec->from_days != 0 ? spec->from_days : -1) * CERTS_DAY));
	CERTS_MUST(gnutls_x509_crt_set_expiration_time(
		crt, now + (spec->to_days != 0 ? spec->to_days : 1) * CERTS_DAY));
	CERTS_MUST(gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, cn,
		(unsigned)strlen(cn)));
	CERTS_MUST(gnutls_x509_crt_set_basic_constraints(crt, spec->ca, -1));
	if (spec->dns != NULL)
		CERTS_MUST(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, spec->dns,
			(unsigned)strlen(spec->dns), GNUTLS_FSAN_APPEND));
	if (spec->xmpp != NULL)
		CERTS_MUST(gnutls_x509_crt_set_subject_alt_othername(crt, "1.3.6.1.5.5.7.8.5",
			spec->xmpp, (unsigned)strlen(spec->xmpp),
			GNUTLS_FSAN_APPEND | GNUTLS_FSAN_ENCODE_UTF8_STRING));
	if (spec->server_only)
		CERTS_MUST(gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_SERVER, 0));
	if (spec->srv != NULL) {
		unsigned char der[128] = {0x16, (unsigned char)strlen(spec->srv)}; /* IA5String */

		memcpy(der + 2, spec->srv, strlen(spec->srv));
		CERTS_MUST(gnutls_x509_crt_set_subject_alt_othername(crt, "1.3.6.1.5.5.7.8.7", der,
			(unsigned)strlen(spec->srv) + 2, GNUTLS_FSAN_APPEND));
	}
}

static inline gnutls_x509_privkey_t certs_make_key(const struct cert_spec *spec)
{
	bool given = spec->algorithm != GNUTLS_PK_UNKNOWN;
	gnutls_x509_privkey_t key;

	CERTS_MUST(gnutls_x509_privkey_init(&key));
	CERTS_MUST(gnutls_x509_privkey_generate(key, given ? spec->algorithm : GNUTLS_PK_ECDSA,
		given ? spec->bits : GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
	return key;
}

/* What it signs certificates with. */
static inline gnutls_digest_algorithm_t certs_digest(gnutls_x509_privkey_t key)
{
	switch (gnutls_x509_privkey_get_pk_algorithm(key)) {
	case GNUTLS_PK_EDDSA_ED25519:
		return GNUTLS_DIG_SHA512;
	case GNUTLS_PK_EDDSA_ED448:
		return GNUTLS_DIG_SHAKE_256;
	default:
		return GNUTLS_DIG_SHA256;
	}
}

/* Writes the pair. */
static inline void certs_make(const struct cert_spec *spec)
{
	gnutls_x509_privkey_t key = certs_make_key(spec), issuer_key;
	gnutls_x509_crt_t crt, issuer;
	gnutls_datum_t pem;

	CERTS_MUST(gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &pem));
	certs_write(certs_path(spec->name, ".key"), pem.data, pem.size);
	gnutls_free(pem.data);
	CERTS_MUST(gnutls_x509_crt_init(&crt));
	certs_fill(crt, spec);
	CERTS_MUST(gnutls_x509_crt_set_key(crt, key));
	issuer = spec->issuer != NULL ? certs_read_crt(spec->issuer) : crt;
	issuer_key = spec->issuer != NULL ? certs_read_key(spec->issuer) : key;
	CERTS_MUST(gnutls_x509_crt_sign2(crt, issuer, issuer_key, certs_digest(issuer_key), 0));
	CERTS_MUST(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem));
	certs_write(certs_path(spec->name, ".crt"), pem.data, pem.size);
	gnutls_free(pem.data);
	if (spec->issuer != NULL) {
		gnutls_x509_crt_deinit(issuer);
		gnutls_x509_privkey_deinit(issuer_key);
	}
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
}

static inline int certs_begin(void)
{
	snprintf(certs_dir, sizeof certs_dir, "/tmp/bh-test-certs-XXXXXX");
	return mkdtemp(certs_dir) != NULL ? 0 : -1;
}

static inline int certs_end(void)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf '%s'", certs_dir);
	return system(command);
}

#endif
