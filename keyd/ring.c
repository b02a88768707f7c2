/* Loading the keys of all domains, and finding one. */
#include "keyd/ring.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"

static struct ring_key *find(const struct ring *ring, const uint8_t *id)
{
	struct map_node *node = map_find(&ring->by_id, id, TLS_KEY_ID_SIZE);

	return node != NULL ? container_of(node, struct ring_key, node) : NULL;
}

/* Domains may share a key.  Takes it over. */
static struct ring_key *add(struct ring *ring, struct tls_key *key)
{
	const struct tls_key_id *id = tls_key_id(key);
	struct ring_key *k = find(ring, id->b);

	if (k != NULL) {
		tls_key_free(&key);
		return k;
	}
	k = bh_alloc(sizeof *k);
	k->key = key;
	BUG_ON(map_add(&ring->by_id, &k->node, id->b, sizeof id->b) != 0);
	return k;
}

static void allow(struct ring *ring, struct ring_key *k, enum key_role role)
{
	if (k->serves[role])
		return;
	k->serves[role] = true;
	buf_put(&ring->ids[role], tls_key_id(k->key)->b, TLS_KEY_ID_SIZE);
}

struct reading {
	const struct conf *conf;
	struct ring *ring;
	char *what;
	size_t size;
};

/* NULL after the complaint. */
static struct ring_key *load_pair(const struct reading *r, size_t domain, const char *const settings[2])
{
	struct tls_identity id = {
		.domain = conf_domain_name(r->conf, domain),
		.certificate = conf_domain_text(r->conf, domain, settings[0]),
		.key = conf_domain_text(r->conf, domain, settings[1]),
	};
	struct tls_key *key;

	return tls_key_load(&id, &key, r->what, r->size) == 0 ? add(r->ring, key) : NULL;
}

/* Streams of servers may have a certificate of their own. */
static int load_domain(const struct reading *r, size_t domain)
{
	static const char *const both[] = {"certificate", "key"}, *const s2s[] = {"s2s_certificate", "s2s_key"};
	struct ring_key *k = load_pair(r, domain, both);

	if (k == NULL)
		return BH_ECONFIG;
	allow(r->ring, k, KEY_FOR_CLIENTS);
	if (conf_domain_text(r->conf, domain, s2s[1]) != NULL)
		k = load_pair(r, domain, s2s);
	if (k == NULL)
		return BH_ECONFIG;
	allow(r->ring, k, KEY_FOR_SERVERS);
	return 0;
}

int ring_load(const struct conf *conf, uint64_t generation, struct ring **out, char *what, size_t size)
{
	struct ring *ring = bh_alloc(sizeof *ring);
	struct reading r = {conf, ring, what, size};
	int rc = 0;

	ring->generation = generation;
	list_init(&ring->link);
	for (size_t i = 0; rc == 0 && i < conf_domains(conf); i++)
		rc = load_domain(&r, i);
	if (rc < 0)
		ring_free(&ring);
	else
		*out = ring;
	return rc;
}

void ring_free(struct ring **ring)
{
	struct ring *r = *ring;
	struct map_walk walk;
	struct map_node *n;

	*ring = NULL;
	if (r == NULL)
		return;
	map_walk_start(&walk, &r->by_id);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct ring_key *k = container_of(n, struct ring_key, node);

		map_remove(&r->by_id, n);
		tls_key_free(&k->key);
		free(k);
	}
	map_fini(&r->by_id);
	for (size_t i = 0; i < KEY_ROLES; i++)
		buf_fini(&r->ids[i]);
	list_remove(&r->link);
	free(r);
}

const struct tls_key *ring_find(const struct ring *ring, enum key_role role, const uint8_t id[TLS_KEY_ID_SIZE])
{
	const struct ring_key *k = find(ring, id);

	return k != NULL && k->serves[role] ? k->key : NULL;
}

bool ring_equal(const struct ring *a, const struct ring *b)
{
	for (size_t i = 0; i < KEY_ROLES; i++)
		if (!str_eq(buf_str(&a->ids[i]), buf_str(&b->ids[i])))
			return false;
	return true;
}
