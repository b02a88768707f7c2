/* The table of signature schemes. */
#include "net/tls_scheme.h"

#include <string.h>

/* Of several names for a scheme the first is the general one, which does not ask for a curve. */
static const struct {
	uint16_t scheme;
	gnutls_sign_algorithm_t algorithm;
} schemes[] = {
	{TLS_RSA_PKCS1_SHA256, GNUTLS_SIGN_RSA_SHA256},
	{TLS_RSA_PKCS1_SHA384, GNUTLS_SIGN_RSA_SHA384},
	{TLS_RSA_PKCS1_SHA512, GNUTLS_SIGN_RSA_SHA512},
	{TLS_ECDSA_SHA256, GNUTLS_SIGN_ECDSA_SHA256},
	{TLS_ECDSA_SHA256, GNUTLS_SIGN_ECDSA_SECP256R1_SHA256},
	{TLS_ECDSA_SHA384, GNUTLS_SIGN_ECDSA_SHA384},
	{TLS_ECDSA_SHA384, GNUTLS_SIGN_ECDSA_SECP384R1_SHA384},
	{TLS_ECDSA_SHA512, GNUTLS_SIGN_ECDSA_SHA512},
	{TLS_ECDSA_SHA512, GNUTLS_SIGN_ECDSA_SECP521R1_SHA512},
	{TLS_RSA_PSS_RSAE_SHA256, GNUTLS_SIGN_RSA_PSS_RSAE_SHA256},
	{TLS_RSA_PSS_RSAE_SHA384, GNUTLS_SIGN_RSA_PSS_RSAE_SHA384},
	{TLS_RSA_PSS_RSAE_SHA512, GNUTLS_SIGN_RSA_PSS_RSAE_SHA512},
	{TLS_ED25519, GNUTLS_SIGN_EDDSA_ED25519},
	{TLS_ED448, GNUTLS_SIGN_EDDSA_ED448},
	{TLS_RSA_PSS_PSS_SHA256, GNUTLS_SIGN_RSA_PSS_SHA256},
	{TLS_RSA_PSS_PSS_SHA384, GNUTLS_SIGN_RSA_PSS_SHA384},
	{TLS_RSA_PSS_PSS_SHA512, GNUTLS_SIGN_RSA_PSS_SHA512},
};

enum { SCHEMES = sizeof schemes / sizeof schemes[0] };

uint16_t tls_scheme_of(gnutls_sign_algorithm_t algorithm)
{
	for (size_t i = 0; i < SCHEMES; i++)
		if (schemes[i].algorithm == algorithm)
			return schemes[i].scheme;
	return 0;
}

gnutls_sign_algorithm_t tls_scheme_algorithm(uint16_t scheme)
{
	for (size_t i = 0; i < SCHEMES; i++)
		if (schemes[i].scheme == scheme)
			return schemes[i].algorithm;
	return GNUTLS_SIGN_UNKNOWN;
}

#define DIGEST_INFO(len, oid, size)                                                                \
	"\x30" len "\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02" oid "\x05\x00\x04" size

/* What stands before the hash: 19 bytes. */
static const struct {
	uint16_t scheme;
	uint8_t hash_len;
	char prefix[20];
} infos[] = {
	{TLS_RSA_PKCS1_SHA256, 32, DIGEST_INFO("\x31", "\x01", "\x20")},
	{TLS_RSA_PKCS1_SHA384, 48, DIGEST_INFO("\x41", "\x02", "\x30")},
	{TLS_RSA_PKCS1_SHA512, 64, DIGEST_INFO("\x51", "\x03", "\x40")},
};

uint16_t tls_scheme_of_digest_info(struct str info, struct str *hash)
{
	const uint32_t prefix = sizeof infos[0].prefix - 1;

	for (size_t i = 0; i < sizeof infos / sizeof infos[0]; i++) {
		if (info.len != prefix + infos[i].hash_len || memcmp(info.p, infos[i].prefix, prefix) != 0)
			continue;
		*hash = str_make(info.p + prefix, infos[i].hash_len);
		return infos[i].scheme;
	}
	return 0;
}
