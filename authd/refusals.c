/* A ring: the oldest makes room. */
#include "authd/refusals.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/mac.h"
#include "base/rand.h"
#include "base/secret.h"

enum { REFUSALS = 1024, KEPT_MS = 60000 };

struct refusals {
	uint8_t key[MAC_KEY_SIZE];
	unsigned next;
	struct {
		uint64_t since_ms;
		uint8_t mac[MAC_SIZE];
	} of[REFUSALS];
};

struct refusals *refusals_create(void)
{
	struct refusals *r = bh_alloc(sizeof *r);

	rand_bytes(r->key, sizeof r->key);
	return r;
}

void refusals_free(struct refusals **ref)
{
	struct refusals *r = *ref;

	*ref = NULL;
	if (r == NULL)
		return;
	secret_wipe(r, sizeof *r);
	free(r);
}

static void mac_of(const struct refusals *r, struct str account, struct str password, uint8_t out[MAC_SIZE])
{
	const struct mac_part parts[] = {{account.p, account.len}, {password.p, password.len}};

	mac_compute(r->key, parts, 2, out);
}

bool refusals_have(const struct refusals *r, struct str account, struct str password, uint64_t now_ms)
{
	uint8_t mac[MAC_SIZE];
	bool have = false;

	mac_of(r, account, password, mac);
	for (unsigned i = 0; i < REFUSALS; i++)
		have |= r->of[i].since_ms != 0 && now_ms - r->of[i].since_ms < KEPT_MS &&
			secret_equal(r->of[i].mac, mac, MAC_SIZE);
	return have;
}

void refusals_note(struct refusals *r, struct str account, struct str password, uint64_t now_ms)
{
	r->of[r->next].since_ms = now_ms;
	mac_of(r, account, password, r->of[r->next].mac);
	r->next = (r->next + 1) % REFUSALS;
}
