/*
 * net_signer - a signer with the keys in this process, for the tests of lib/net; it can be told to wait
 */
#ifndef BH_TEST_NET_SIGNER_H
#define BH_TEST_NET_SIGNER_H

#include <string.h>

#include "base/err.h"
#include "net/tls_key.h"

enum { SIGNER_KEYS_MAX = 32 };

struct test_signer {
	struct tls_signer signer;
	struct tls_key *keys[SIGNER_KEYS_MAX];
	unsigned n;
	bool slow; /* signer_answer() gives the answers */
	struct list asked;
	unsigned waiting, most_waiting, forgotten, signatures;
	uint16_t scheme; /* of the last one */
};

static inline void signer_finish(struct test_signer *t, struct tls_signing *s)
{
	uint8_t out[TLS_SIGNATURE_MAX];
	ssize_t n = BH_ENOTFOUND;

	t->scheme = s->scheme;
	t->signatures++;
	for (unsigned i = 0; i < t->n; i++)
		if (memcmp(tls_key_id(t->keys[i]), &s->key, sizeof s->key) == 0)
			n = tls_key_sign(t->keys[i], s->scheme, str_make(s->data, s->len), out);
	s->done(s, n < 0 ? (int)n : 0, out, n < 0 ? 0 : (size_t)n);
}

static inline void signer_sign(struct tls_signer *signer, struct tls_signing *s)
{
	struct test_signer *t = container_of(signer, struct test_signer, signer);

	if (!t->slow) {
		signer_finish(t, s);
		return;
	}
	list_append(&t->asked, &s->link);
	if (++t->waiting > t->most_waiting)
		t->most_waiting = t->waiting;
}

static inline void signer_forget(struct tls_signer *signer, struct tls_signing *s)
{
	struct test_signer *t = container_of(signer, struct test_signer, signer);

	list_remove(&s->link);
	t->waiting--;
	t->forgotten++;
}

/* Answers the first that waits: by a signature, or with an error.  false when nobody waits. */
static inline bool signer_answer(struct test_signer *t, int error)
{
	struct tls_signing *s = container_of(t->asked.next, struct tls_signing, link);

	if (list_empty(&t->asked))
		return false;
	list_remove(&s->link);
	t->waiting--;
	if (error != 0)
		s->done(s, error, NULL, 0);
	else
		signer_finish(t, s);
	return true;
}

static inline void signer_init(struct test_signer *t)
{
	*t = (struct test_signer){.signer = {.sign = signer_sign, .forget = signer_forget}};
	list_init(&t->asked);
}

static inline int signer_add(struct test_signer *t, const struct tls_identity *id)
{
	char what[512];

	return t->n < SIGNER_KEYS_MAX ? tls_key_load(id, &t->keys[t->n++], what, sizeof what) : BH_EBUSY;
}

static inline void signer_fini(struct test_signer *t)
{
	while (t->n > 0)
		tls_key_free(&t->keys[--t->n]);
}

#endif
