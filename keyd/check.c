/* What may be signed: a row for each kind of signature of each kind of key. */
#include "keyd/check.h"

#include <string.h>

enum { SHA256 = 32, SHA384 = 48, SHA512 = 64 };

static bool is_tls_message(enum key_role role, struct str message);

static const struct row {
	enum tls_key_type type;
	uint16_t scheme;
	uint32_t hash_len; /* 0: it signs a message */
} rows[] = {
	{TLS_KEY_RSA, TLS_RSA_PKCS1_SHA256, SHA256},
	{TLS_KEY_RSA, TLS_RSA_PKCS1_SHA384, SHA384},
	{TLS_KEY_RSA, TLS_RSA_PKCS1_SHA512, SHA512},
	{TLS_KEY_RSA, TLS_RSA_PSS_RSAE_SHA256, SHA256},
	{TLS_KEY_RSA, TLS_RSA_PSS_RSAE_SHA384, SHA384},
	{TLS_KEY_RSA, TLS_RSA_PSS_RSAE_SHA512, SHA512},
	{TLS_KEY_RSA_PSS, TLS_RSA_PSS_PSS_SHA256, SHA256},
	{TLS_KEY_RSA_PSS, TLS_RSA_PSS_PSS_SHA384, SHA384},
	{TLS_KEY_RSA_PSS, TLS_RSA_PSS_PSS_SHA512, SHA512},
	{TLS_KEY_EC, TLS_ECDSA_SHA256, SHA256},
	{TLS_KEY_EC, TLS_ECDSA_SHA384, SHA384},
	{TLS_KEY_EC, TLS_ECDSA_SHA512, SHA512},
	{TLS_KEY_ED25519, TLS_ED25519, 0},
	{TLS_KEY_ED448, TLS_ED448, 0},
};

const char *check_request(const struct check_request *r)
{
	const struct row *row = NULL;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].type == r->type && rows[i].scheme == r->scheme)
			row = &rows[i];
	if (row == NULL)
		return "no signature of that key's";
	if (row->hash_len != 0)
		return r->data.len == row->hash_len ? NULL : "a hash of another length";
	return is_tls_message(r->role, r->data) ? NULL : "no message of a TLS handshake";
}

/* ---- messages that EdDSA signs --------------------------------------------------------------- */

bool check_tls13(struct str message, bool client)
{
	static const char contexts[2][34] = {
		"TLS 1.3, server CertificateVerify",
		"TLS 1.3, client CertificateVerify",
	};
	enum { SPACES = 64, BEFORE = SPACES + sizeof contexts[0] };

	if (message.len != BEFORE + SHA256 && message.len != BEFORE + SHA384)
		return false;
	for (size_t i = 0; i < SPACES; i++)
		if (message.p[i] != ' ')
			return false;
	return memcmp(message.p + SPACES, contexts[client], sizeof contexts[client]) == 0;
}

/* Of the groups that our handshakes have: what stands behind the two random numbers. */
static const struct {
	char head[6]; /* named curve, its number, the length of the point, its form */
	uint8_t head_len;
	uint8_t len;
} points[] = {
	{"\x03\x00\x1d\x20", 4, 4 + 32},
	{"\x03\x00\x17\x41\x04", 5, 4 + 65},
	{"\x03\x00\x18\x61\x04", 5, 4 + 97},
};

bool check_tls12_server(struct str message)
{
	enum { RANDOMS = 64 };

	for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
		if (message.len == RANDOMS + (uint32_t)points[i].len &&
			memcmp(message.p + RANDOMS, points[i].head, points[i].head_len) == 0)
			return true;
	return false;
}

/* The messages of a handshake up to there, in their order. */
static const struct {
	uint8_t type;
	bool hello; /* begins with the version */
	bool optional;
} messages[] = {
	{.type = 1, .hello = true},	/* client_hello */
	{.type = 2, .hello = true},	/* server_hello */
	{.type = 11},			/* certificate */
	{.type = 22, .optional = true}, /* certificate_status */
	{.type = 12},			/* server_key_exchange */
	{.type = 13},			/* certificate_request */
	{.type = 14},			/* server_hello_done */
	{.type = 11},			/* certificate */
	{.type = 16},			/* client_key_exchange */
};

/* The length of the message at the start of m when it is of that type, else 0. */
static uint32_t message_len(struct str m, uint8_t type, bool hello)
{
	const uint8_t *p = (const uint8_t *)m.p;
	uint32_t len;

	if (m.len < 4 || p[0] != type)
		return 0;
	len = 4 + ((uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]);
	if (len > m.len || (hello && (len < 6 || p[4] != 3 || p[5] != 3)))
		return 0;
	return len;
}

bool check_tls12_client(struct str message)
{
	for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
		uint32_t len = message_len(message, messages[i].type, messages[i].hello);

		if (len == 0 && !messages[i].optional)
			return false;
		message = str_make(message.p + len, message.len - len);
	}
	return message.len == 0;
}

/* Only servers' streams have us as the TLS client. */
static bool is_tls_message(enum key_role role, struct str message)
{
	if (check_tls13(message, false) || check_tls12_server(message))
		return true;
	return role == KEY_FOR_SERVERS && (check_tls13(message, true) || check_tls12_client(message));
}
