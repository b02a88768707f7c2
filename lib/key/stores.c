/* Which certificates are used: those that keyd has the keys of. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "key/client_private.h"

static int compare_ids(const void *a, const void *b)
{
	return memcmp(a, b, TLS_KEY_ID_SIZE);
}

static bool has_key(const struct key_client *c, const struct tls_key_id *id)
{
	return c->ids.len > 0 &&
	       bsearch(id->b, c->ids.data, c->ids.len / TLS_KEY_ID_SIZE, TLS_KEY_ID_SIZE, compare_ids) != NULL;
}

/* The first of its domains whose key is not there; NULL: all are. */
static const char *lacking(const struct key_client *c, const struct tls_store *store)
{
	for (size_t i = 0; i < tls_store_size(store); i++)
		if (!has_key(c, tls_store_key(store, i)))
			return tls_store_name(store, i);
	return NULL;
}

static void adopt(struct key_client *c)
{
	if (c->offered == NULL || lacking(c, c->offered) != NULL)
		return;
	tls_store_unref(&c->used);
	c->used = c->offered;
	c->offered = NULL;
	c->on_event(c->owner, KEY_EVENT_USED, "keyd has their keys");
}

static void tell_lacking(struct key_client *c, const char *domain)
{
	char text[320];

	snprintf(text, sizeof text, "keyd does not have the key of the certificate of %s", domain);
	c->on_event(c->owner, KEY_EVENT_LACKING, text);
}

/* The owner may offer others when he hears of it. */
void key_client_listed(struct key_client *c)
{
	struct buf former = c->ids;
	const char *domain;

	c->ids = c->coming;
	c->generation = c->coming_generation;
	c->coming = former;
	buf_clear(&c->coming);
	if (c->ids.len > 0)
		qsort(c->ids.data, c->ids.len / TLS_KEY_ID_SIZE, TLS_KEY_ID_SIZE, compare_ids);
	adopt(c);
	domain = c->used != NULL ? lacking(c, c->used) : NULL;
	if (domain != NULL)
		tell_lacking(c, domain);
	c->uses_due = c->used != NULL && lacking(c, c->used) == NULL;
}

void key_client_offer(struct key_client *c, struct tls_store *store)
{
	if (c->used == NULL) {
		c->used = store;
		return;
	}
	tls_store_unref(&c->offered);
	c->offered = store;
	if (!c->up)
		return;
	adopt(c);
	if (c->offered == NULL) {
		c->uses_due = true;
		key_client_flush(c);
	}
}

struct tls_store *key_client_store(const struct key_client *c)
{
	return c->used;
}
