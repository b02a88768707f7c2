/* SCRAM for the load generator: OpenSSL's hashes and hand-made messages. */
#include "tests/bench/scram.h"

#include "base/alloc.h"
#include "base/err.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_MAX = 1024 };

struct scram {
	const EVP_MD *hash;
	unsigned hash_len;
	char bare[128]; /* the client's first message without its GS2 header */
	unsigned char signature[SCRAM_HASH_MAX];
};

static const char gs2_header[] = "n,,";
static const char final_start[] = "c=biws,r="; /* biws is "n,," */

struct scram *scram_new(const char *mechanism, const char *user)
{
	struct scram *s = bh_alloc(sizeof(*s));
	unsigned char nonce[12];

	s->hash = strcmp(mechanism, "SCRAM-SHA-256") == 0 ? EVP_sha256() : EVP_sha1();
	s->hash_len = (unsigned)EVP_MD_get_size(s->hash);
	RAND_bytes(nonce, sizeof(nonce));
	snprintf(s->bare, sizeof(s->bare), "n=%s,r=", user);
	for (size_t i = 0; i < sizeof(nonce); i++)
		snprintf(s->bare + strlen(s->bare), 3, "%02x", nonce[i]);
	return s;
}

void scram_free(struct scram **s)
{
	free(*s);
	*s = NULL;
}

const char *scram_mechanism(const struct scram *s)
{
	return s->hash_len == 32 ? "SCRAM-SHA-256" : "SCRAM-SHA-1";
}

static void put_base64(struct buf *out, const void *data, size_t len)
{
	uint8_t *at = buf_room(out, (len + 2) / 3 * 4 + 1);

	if (at != NULL)
		buf_commit(out, (size_t)EVP_EncodeBlock(at, data, (int)len));
}

/* Decodes into out of the given size and ends it with a NUL; the length, or -1. */
static int get_base64(struct str text, unsigned char *out, size_t size)
{
	int n;

	if (text.len == 0 || text.len % 4 != 0 || text.len / 4 * 3 >= size)
		return -1;
	n = EVP_DecodeBlock(out, (const unsigned char *)text.p, (int)text.len);
	for (uint32_t i = text.len; n > 0 && i > text.len - 2 && text.p[i - 1] == '='; i--)
		n--;
	if (n >= 0)
		out[n] = '\0';
	return n;
}

void scram_first(const struct scram *s, struct buf *out)
{
	char message[sizeof(gs2_header) + sizeof(s->bare)];

	snprintf(message, sizeof(message), "%s%s", gs2_header, s->bare);
	put_base64(out, message, strlen(message));
}

static void hmac(const struct scram *s, const unsigned char *key, struct str text,
	unsigned char *out)
{
	HMAC(s->hash, key, (int)s->hash_len, (const unsigned char *)text.p, text.len, out, NULL);
}

static void derive(const struct scram *s, const char *password, struct scram_keys *k)
{
	unsigned char salted[SCRAM_HASH_MAX];

	k->hash_len = s->hash_len;
	PKCS5_PBKDF2_HMAC(password, (int)strlen(password), k->salt, (int)k->salt_len,
		(int)k->iterations, s->hash, (int)s->hash_len, salted);
	hmac(s, salted, STR_LIT("Client Key"), k->client);
	hmac(s, salted, STR_LIT("Server Key"), k->server);
	EVP_Digest(k->client, s->hash_len, k->stored, NULL, s->hash, NULL);
}

/* Makes *cache hold the keys for this salt and count. */
static void use_keys(const struct scram *s, const char *password, const struct scram_keys *wanted,
	struct scram_keys *cache)
{
	if (cache->hash_len == s->hash_len && cache->iterations == wanted->iterations &&
		cache->salt_len == wanted->salt_len &&
		memcmp(cache->salt, wanted->salt, wanted->salt_len) == 0)
		return;
	*cache = *wanted;
	derive(s, password, cache);
}

/* Splits "r=NONCE,s=SALT,i=COUNT". */
static int parse_first(const struct scram *s, char *message, struct str *nonce,
	struct scram_keys *wanted)
{
	const char *own = strstr(s->bare, ",r=") + 3;
	char *salt = strstr(message, ",s=");
	char *count = salt != NULL ? strstr(salt, ",i=") : NULL;
	int n;

	if (strncmp(message, "r=", 2) != 0 || count == NULL ||
		strncmp(message + 2, own, strlen(own)) != 0)
		return BH_EPROTO;
	*nonce = str_make(message + 2, (size_t)(salt - message - 2));
	n = get_base64(str_make(salt + 3, (size_t)(count - salt - 3)), wanted->salt,
		sizeof(wanted->salt));
	wanted->salt_len = n > 0 ? (unsigned)n : 0;
	wanted->iterations = (unsigned)strtoul(count + 3, NULL, 10);
	return n > 0 && wanted->iterations > 0 ? 0 : BH_EPROTO;
}

/* Computes the proof into final and keeps the signature that the server must show. */
static void prove(struct scram *s, const struct scram_keys *keys, struct str auth,
	struct buf *final)
{
	unsigned char proof[SCRAM_HASH_MAX];

	hmac(s, keys->stored, auth, proof);
	for (unsigned i = 0; i < s->hash_len; i++)
		proof[i] ^= keys->client[i];
	hmac(s, keys->server, auth, s->signature);
	buf_put_lit(final, ",p=");
	put_base64(final, proof, s->hash_len);
}

int scram_final(struct scram *s, const char *password, struct str challenge,
	struct scram_keys *cache, struct buf *out)
{
	char server_first[MESSAGE_MAX];
	struct scram_keys wanted = {0};
	struct buf auth = BUF_INIT, final = BUF_INIT;
	struct str nonce;
	int rc;

	if (get_base64(challenge, (unsigned char *)server_first, sizeof(server_first)) < 0)
		return BH_EPROTO;
	rc = parse_first(s, server_first, &nonce, &wanted);
	if (rc < 0)
		return rc;
	use_keys(s, password, &wanted, cache);
	buf_printf(&final, "%s%.*s", final_start, STR_FMT(nonce));
	buf_printf(&auth, "%s,%s,%.*s", s->bare, server_first, STR_FMT(buf_str(&final)));
	prove(s, cache, buf_str(&auth), &final);
	put_base64(out, final.data, final.len);
	buf_fini(&auth);
	buf_fini(&final);
	return 0;
}

int scram_verify(const struct scram *s, struct str final)
{
	unsigned char message[MESSAGE_MAX], signature[64];
	int n = get_base64(final, message, sizeof(message));

	if (n < 2 || memcmp(message, "v=", 2) != 0)
		return BH_EDENIED;
	n = get_base64(str_make(message + 2, strcspn((char *)message + 2, ",")), signature,
		sizeof(signature));
	if (n != (int)s->hash_len || memcmp(signature, s->signature, s->hash_len) != 0)
		return BH_EDENIED;
	return 0;
}
