/* The aspects of a certificate and its key, one after the other. */
#include "net/tls_judge.h"

#include <stdio.h>
#include <string.h>

#include "net/tls_certs.h"
#include "net/tls_key.h"
#include "net/tls_names.h"

const char *tls_aspect_name(unsigned aspect)
{
	static const char *const names[TLS_ASPECTS] = {"file", "dates", "names", "trust", "strength", "key"};

	return names[aspect];
}

static void judge_names(gnutls_x509_crt_t leaf, const struct tls_identity *id, unsigned uses, struct tls_found *out)
{
	static const char *const whom[] = {"nobody", "clients", "servers", "clients and servers"};
	unsigned lacking = uses & ~tls_names_uses(leaf, id->domain);
	char names[256];

	tls_names_list(leaf, ", ", names, sizeof names);
	if (lacking == 0)
		tls_found(out, TLS_NAMED, "%s for %s", id->domain, whom[uses]);
	else
		tls_found(out, TLS_UNNAMED, "%s for %s, but %s", id->domain, whom[lacking],
			names[0] != '\0' ? names : "no host");
}

/* By the system's authorities and those of a file, or NULL.  Of the status those bits are left out. */
static bool verifies(const struct tls_certs *certs, const char *ca, unsigned without, unsigned *status)
{
	gnutls_x509_crt_t chain[TLS_CHAIN_MAX];
	gnutls_x509_trust_list_t list;
	int rc;

	*status = GNUTLS_CERT_INVALID;
	if (gnutls_x509_trust_list_init(&list, 0) < 0)
		return false;
	(void)gnutls_x509_trust_list_add_system_trust(list, 0, 0);
	if (ca != NULL)
		(void)gnutls_x509_trust_list_add_trust_file(list, ca, NULL, GNUTLS_X509_FMT_PEM, 0, 0);
	memcpy(chain, certs->of, sizeof chain); /* it is put in order */
	rc = gnutls_x509_trust_list_verify_crt2(list, chain, certs->n, NULL, 0, 0, status, NULL);
	gnutls_x509_trust_list_deinit(list, 1);
	*status &= ~without;
	return rc == 0 && (*status & ~(unsigned)GNUTLS_CERT_INVALID) == 0;
}

/* What has been said of its dates and its strength is not said again. */
static void judge_trust(const struct tls_certs *certs, const char *ca, const struct tls_found said[TLS_ASPECTS],
	struct tls_found *out)
{
	unsigned without = 0, status;

	if (tls_found_untimely(&said[TLS_DATES]))
		without |= GNUTLS_CERT_EXPIRED | GNUTLS_CERT_NOT_ACTIVATED;
	if (said[TLS_STRENGTH].finding != TLS_STRONG)
		without |= GNUTLS_CERT_INSECURE_ALGORITHM;
	if (verifies(certs, NULL, without, &status))
		tls_found(out, TLS_TRUSTED, "%s", "");
	else if (ca != NULL && verifies(certs, ca, without, &status))
		tls_found(out, TLS_TRUSTED_BY_SOME, "%s", ca);
	else
		tls_certs_status(certs, status, out);
}

static void judge_key(const struct tls_identity *id, struct tls_opinion *out)
{
	struct tls_key *key = NULL;

	if (tls_key_load(id, &key, out->text, sizeof out->text) != 0)
		out->weight = TLS_PROBLEM;
	else
		snprintf(out->text, sizeof out->text, "key %s: it is that of the certificate", id->key);
	tls_key_free(&key);
}

static void say(const struct tls_identity *id, const struct tls_found *found, struct tls_opinion *out)
{
	const char *remedy = tls_found_remedy(found);

	out->weight = tls_found_weight(found);
	snprintf(out->text, sizeof out->text, "certificate %s: %s%s%s", id->certificate, found->text,
		remedy[0] != '\0' ? ": " : "", remedy);
}

static void judge(const struct tls_identity *id, unsigned uses, const char *ca, const struct tls_certs *certs,
	struct tls_judgement *out)
{
	struct tls_found found[TLS_ASPECTS];
	char line[640];

	tls_certs_describe(certs, line, sizeof line);
	snprintf(out->of[TLS_FILE].text, sizeof out->of[TLS_FILE].text, "certificate %s: it is %s", id->certificate, line);
	tls_certs_dates(certs, &found[TLS_DATES]);
	judge_names(certs->of[0], id, uses, &found[TLS_NAMES]);
	tls_certs_strength(certs, &found[TLS_STRENGTH]);
	judge_trust(certs, ca, found, &found[TLS_TRUST]);
	for (unsigned i = TLS_DATES; i <= TLS_STRENGTH; i++)
		say(id, &found[i], &out->of[i]);
	judge_key(id, &out->of[TLS_KEY]);
	out->n = TLS_ASPECTS;
}

void tls_judge(const struct tls_identity *id, unsigned uses, const char *ca, struct tls_judgement *out)
{
	struct tls_opinion *file = &out->of[TLS_FILE];
	struct report r = {.text = file->text, .size = sizeof file->text};
	struct tls_chain chain = {.len = 0};
	struct tls_certs certs = {.n = 0};

	*out = (struct tls_judgement){.n = 1};
	if (tls_certs_load(id, &chain, &certs, &r) == 0)
		judge(id, uses, ca, &certs, out);
	else
		file->weight = TLS_PROBLEM;
	tls_certs_fini(&certs);
	tls_chain_fini(&chain);
}
