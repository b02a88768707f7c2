/* XEP-0115 5.1, and what goes into it for a domain. */
#include "routerd/caps.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/digest.h"
#include "base/err.h"
#include "routerd/disco.h"
#include "routerd/domains.h"
#include "xmpp/names.h"

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int by_var(const void *a, const void *b)
{
	return strcmp(((const struct caps_field *)a)->var, ((const struct caps_field *)b)->var);
}

static void put(struct buf *out, const char *text)
{
	buf_put_str(out, str_of(text));
	buf_put_byte(out, '<');
}

/* In the order of their octets; false without memory. */
static bool put_sorted(struct buf *out, const char *const *texts, size_t n)
{
	const char **copy = calloc(n + 1, sizeof *copy);

	if (copy == NULL)
		return false;
	if (n > 0)
		memcpy(copy, texts, n * sizeof *copy);
	qsort(copy, n, sizeof *copy, by_text);
	for (size_t i = 0; i < n; i++)
		put(out, copy[i]);
	free(copy);
	return true;
}

static bool put_form(struct buf *out, const struct caps_input *in)
{
	struct caps_field *copy = calloc(in->nfields + 1, sizeof *copy);
	bool ok = copy != NULL;

	if (!ok)
		return false;
	if (in->nfields > 0)
		memcpy(copy, in->fields, in->nfields * sizeof *copy);
	qsort(copy, in->nfields, sizeof *copy, by_var);
	put(out, in->form_type);
	for (size_t i = 0; ok && i < in->nfields; i++) {
		put(out, copy[i].var);
		ok = put_sorted(out, copy[i].values, copy[i].nvalues);
	}
	free(copy);
	return ok;
}

int caps_hash(const struct caps_input *in, char ver[CAPS_VER_SIZE])
{
	uint8_t digest[DIGEST_SHA1_SIZE];
	struct buf s = BUF_INIT, text = BUF_INIT;
	bool ok;

	ok = put_sorted(&s, in->identities, in->nidentities) &&
	     put_sorted(&s, in->features, in->nfeatures) &&
	     (in->form_type == NULL || put_form(&s, in)) && !buf_failed(&s);
	if (ok) {
		digest_sha1(buf_str(&s), digest);
		base64_encode(str_make(digest, sizeof digest), &text);
		memcpy(ver, text.data, CAPS_VER_SIZE - 1);
		ver[CAPS_VER_SIZE - 1] = '\0';
	}
	buf_fini(&s);
	buf_fini(&text);
	return ok ? 0 : BH_ENOMEM;
}

/* Features or identities, gathered. */
struct vars {
	const char *list[64];
	size_t n;
};

static void add_var(void *arg, const char *var)
{
	struct vars *v = arg;

	BUG_ON(v->n == sizeof v->list / sizeof v->list[0]);
	v->list[v->n++] = var;
}

static int hash_domain(const struct router *r, struct domain *d)
{
	struct caps_field fields[DOMAIN_CONTACTS];
	const struct disco_subject of = {r, d};
	struct vars identities = {.n = 0}, features = {.n = 0};
	struct caps_input in = {.form_type = NULL, .fields = fields};

	disco_identities(&of, add_var, &identities);
	disco_features(&of, add_var, &features);
	in.identities = identities.list;
	in.nidentities = identities.n;
	in.features = features.list;
	in.nfeatures = features.n;
	for (size_t i = 0; i < DOMAIN_CONTACTS; i++)
		if (d->contacts[i].n > 0)
			fields[in.nfields++] = (struct caps_field){domain_contact_vars[i],
				(const char *const *)d->contacts[i].addresses, d->contacts[i].n};
	if (in.nfields > 0)
		in.form_type = NS_SERVER_INFO;
	return caps_hash(&in, d->caps);
}

static void tell(struct front *front, const struct domain *d)
{
	struct msg_domain_caps m = {.domain = str_of(d->name), .ver = str_of(d->caps)};

	if (front->peer->link != NULL)
		(void)LINK_SEND(front->peer->link, DOMAIN_CAPS, domain_caps, 0, &m);
}

void caps_tell(struct router *r, struct front *front)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &r->domains);
	while ((n = map_walk_next(&walk)) != NULL)
		tell(front, container_of(n, struct domain, node));
}

int caps_set(struct router *r)
{
	struct bus_peer *peer = NULL;
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &r->domains);
	while ((n = map_walk_next(&walk)) != NULL)
		if (hash_domain(r, container_of(n, struct domain, node)) != 0)
			return BH_ENOMEM;
	while ((peer = bus_server_next(r->server, ROLE_C2S, peer)) != NULL)
		caps_tell(r, peer->data);
	return 0;
}
