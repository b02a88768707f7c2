/* Keys of GnuTLS whose private half is the signer's. */
#include <stdlib.h>

#include "base/err.h"
#include "net/tls_handshake.h"
#include "net/tls_load.h"
#include "net/tls_scheme.h"

static void on_done(struct tls_signing *signing, int rc, const uint8_t *signature, size_t n)
{
	struct tls_handshake *hs = container_of(signing, struct tls_handshake, signing);

	hs->asking = false;
	hs->verdict = rc;
	if (rc == 0) {
		hs->signature.data = gnutls_malloc(n);
		if (hs->signature.data == NULL)
			hs->verdict = BH_ENOMEM;
		else
			memcpy(hs->signature.data, signature, n);
		hs->signature.size = (unsigned)n;
	}
	if (coroutine_argument() != hs)
		hs->io->wake(hs->owner);
}

static int take_signature(struct tls_handshake *hs, gnutls_datum_t *signature)
{
	if (hs->verdict == 0) {
		*signature = hs->signature;
	} else {
		gnutls_free(hs->signature.data);
	}
	hs->signature = (gnutls_datum_t){0};
	if (hs->verdict == BH_ETIMEOUT)
		return GNUTLS_E_TIMEDOUT;
	return hs->verdict == 0 ? 0 : GNUTLS_E_PK_SIGN_FAILED;
}

/* On the handshake's stack, which waits here. */
static int ask(const struct tls_asked_key *k, uint16_t scheme, struct str data, gnutls_datum_t *signature)
{
	struct tls_handshake *hs = coroutine_argument();

	if (hs == NULL || scheme == 0 || data.len > TLS_SIGNED_MAX)
		return GNUTLS_E_PK_SIGN_FAILED;
	hs->signer = k->signer;
	hs->signing = (struct tls_signing){
		.key = k->id,
		.scheme = scheme,
		.data = (const uint8_t *)data.p,
		.len = data.len,
		.done = on_done,
	};
	hs->asked = hs->asking = true;
	k->signer->sign(k->signer, &hs->signing);
	while (hs->asking)
		coroutine_wait();
	return take_signature(hs, signature);
}

static int sign_hash(gnutls_privkey_t key, gnutls_sign_algorithm_t algorithm, void *userdata, unsigned flags,
	const gnutls_datum_t *hash, gnutls_datum_t *signature)
{
	struct str data = str_make(hash->data, hash->size);
	uint16_t scheme = algorithm == GNUTLS_SIGN_RSA_RAW ? tls_scheme_of_digest_info(data, &data) :
							     tls_scheme_of(algorithm);

	(void)key, (void)flags;
	return ask(userdata, scheme, data, signature);
}

static int sign_data(gnutls_privkey_t key, gnutls_sign_algorithm_t algorithm, void *userdata, unsigned flags,
	const gnutls_datum_t *data, gnutls_datum_t *signature)
{
	(void)key, (void)flags;
	return ask(userdata, tls_scheme_of(algorithm), str_make(data->data, data->size), signature);
}

static int tell(gnutls_privkey_t key, unsigned flags, void *userdata)
{
	const struct tls_asked_key *k = userdata;

	(void)key;
	if (flags & GNUTLS_PRIVKEY_INFO_PK_ALGO)
		return (int)k->algorithm;
	if (flags & GNUTLS_PRIVKEY_INFO_PK_ALGO_BITS)
		return (int)k->bits;
	if (flags & GNUTLS_PRIVKEY_INFO_HAVE_SIGN_ALGO)
		return (int)gnutls_sign_supports_pk_algorithm(GNUTLS_FLAGS_TO_SIGN_ALGO(flags), k->algorithm);
	return -1;
}

/* Without both functions GnuTLS calls what is not there. */
int tls_asked_key_init(struct tls_asked_key *k, struct tls_signer *signer, gnutls_pubkey_t public_half)
{
	int rc = tls_public_id(public_half, &k->id);

	k->signer = signer;
	k->algorithm = (gnutls_pk_algorithm_t)gnutls_pubkey_get_pk_algorithm(public_half, &k->bits);
	if (rc == 0)
		rc = gnutls_privkey_init(&k->key);
	if (rc < 0)
		return rc;
	return gnutls_privkey_import_ext4(k->key, k, sign_data, sign_hash, NULL, NULL, tell, 0);
}

void tls_asked_key_fini(struct tls_asked_key *k)
{
	if (k->key != NULL)
		gnutls_privkey_deinit(k->key);
	k->key = NULL;
}
