/* The table of mechanisms and the rules of who may use which. */
#include "authd/mechanism.h"

#include "base/err.h"
#include "xmpp/error.h"

static const struct mechanism *const known[] = {
	&mechanism_external,
	&mechanism_gssapi,
	&mechanism_scram_sha256_plus,
	&mechanism_scram_sha1_plus,
	&mechanism_scram_sha256,
	&mechanism_scram_sha1,
	&mechanism_plain,
};

const struct mechanism *mechanism_find(struct str name)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (str_is(name, known[i]->name))
			return known[i];
	}
	return NULL;
}

static bool offer_has(const struct offer *offer, const struct mechanism *m)
{
	for (size_t i = 0; i < offer->n; i++) {
		if (offer->of[i] == m)
			return true;
	}
	return false;
}

int offer_add(struct offer *offer, struct str name)
{
	const struct mechanism *m = mechanism_find(name);

	if (m == NULL)
		return BH_ENOTFOUND;
	if (offer_has(offer, m))
		return BH_EEXIST;
	offer->of[offer->n++] = m;
	return 0;
}

void offer_write(const struct offer *offer, struct buf *out)
{
	for (size_t i = 0; i < offer->n; i++)
		buf_printf(out, "%s%s", i > 0 ? " " : "", offer->of[i]->name);
}

static struct str take_word(struct str *list)
{
	const char *space = list->len > 0 ? memchr(list->p, ' ', list->len) : NULL;
	uint32_t len = space != NULL ? (uint32_t)(space - list->p) : list->len;
	struct str word = {list->p, len};

	if (space != NULL)
		len++;
	list->p += len;
	list->len -= len;
	return word;
}

static bool list_has(struct str list, const char *name)
{
	while (list.len > 0) {
		if (str_is(take_word(&list), name))
			return true;
	}
	return false;
}

bool offered_plus(struct str offered)
{
	while (offered.len > 0) {
		const struct mechanism *m = mechanism_find(take_word(&offered));

		if (m != NULL && m->plus)
			return true;
	}
	return false;
}

const struct mechanism *offer_accept(const struct offer *offer,
	const struct mechanism_request *request, unsigned *condition)
{
	const struct mechanism *m = mechanism_find(request->name);

	*condition = SASL_INVALID_MECHANISM;
	if (m == NULL || !offer_has(offer, m))
		return NULL;
	if (m->needs_tls && !request->tls) {
		*condition = SASL_ENCRYPTION_REQUIRED;
		return NULL;
	}
	if (!list_has(request->offered, m->name))
		return NULL;
	if ((m->plus && !request->exporter) || (m->needs_certificate && !request->certificate))
		return NULL;
	*condition = 0;
	return m;
}
