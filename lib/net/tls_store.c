/* The certificates of all domains: loading with checks that say what is wrong, choice by SNI. */
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/list.h"
#include "base/map.h"
#include "net/tls_finding.h"
#include "net/tls_handshake.h"
#include "net/tls_load.h"
#include "net/tls_names.h"
#include "net/tls_peer.h"
#include "net/tls_private.h"

struct identity {
	struct map_node node; /* key: name */
	char *name;	      /* the domain in A-labels */
	struct tls_chain chain;
	struct tls_asked_key key;
	int64_t expires;
};

struct tls_store {
	unsigned refs;
	bool asks_client;
	gnutls_certificate_credentials_t credentials;
	struct map by_name;
	size_t n;
	struct identity ids[];
};

static void check_dates(const struct tls_identity *id, gnutls_x509_crt_t leaf, struct report *r)
{
	struct tls_found found;

	tls_found_dates(gnutls_x509_crt_get_activation_time(leaf), gnutls_x509_crt_get_expiration_time(leaf), clock_wall(),
		&found);
	if (tls_found_untimely(&found))
		report(r, "certificate %s: of domain %s: %s: %s", id->certificate, id->domain, found.text,
			tls_found_remedy(&found));
}

/* The leaf names the domain; its dates only give a warning. */
static int check_leaf(
	const struct tls_identity *id, struct identity *loaded, struct report *r, struct report *warnings)
{
	gnutls_x509_crt_t leaf;
	int rc = 0;

	if (gnutls_pcert_export_x509(&loaded->chain.certs[0], &leaf) < 0) {
		report(r, "certificate %s: is not X.509", id->certificate);
		return BH_ECONFIG;
	}
	loaded->expires = gnutls_x509_crt_get_expiration_time(leaf);
	if (tls_names_uses(leaf, id->domain) == 0) {
		report(r,
			"certificate %s: does not name the domain %s: get one whose "
			"subjectAltName has DNS:%s",
			id->certificate, id->domain, id->domain);
		rc = BH_ECONFIG;
	} else {
		check_dates(id, leaf, warnings);
	}
	gnutls_x509_crt_deinit(leaf);
	return rc;
}

/* The name as it comes in SNI. */
static char *wire_name(const char *domain)
{
	gnutls_datum_t ace;
	char *name;

	if (gnutls_idna_map(domain, (unsigned)strlen(domain), &ace, 0) < 0)
		return bh_strdup(domain);
	name = bh_strndup((const char *)ace.data, ace.size);
	gnutls_free(ace.data);
	return name;
}

static int load_identity(struct tls_store *store, const struct tls_plan *plan, struct report *r,
	struct report *warnings)
{
	const struct tls_identity *id = &plan->ids[store->n];
	struct identity *into = &store->ids[store->n++];
	int rc;

	into->name = wire_name(id->domain);
	if (map_find(&store->by_name, into->name, strlen(into->name)) != NULL) {
		report(r, "domain %s: has two certificates: leave one", id->domain);
		return BH_ECONFIG;
	}
	rc = map_add(&store->by_name, &into->node, into->name, strlen(into->name));
	if (rc == 0)
		rc = tls_chain_load(id, &into->chain, r);
	if (rc < 0)
		return rc;
	if (tls_asked_key_init(&into->key, plan->signer, into->chain.certs[0].pubkey) < 0)
		return BH_ENOMEM;
	return check_leaf(id, into, r, warnings);
}

static int load_client_ca(struct tls_store *store, const char *path, struct report *r)
{
	struct buf pem = BUF_INIT;
	gnutls_datum_t data;
	int rc = tls_read_file(path, &pem);

	if (rc < 0) {
		report(r, "client CA %s: cannot be read: %s", path, bh_strerror(rc));
	} else {
		data = (gnutls_datum_t){pem.data, (unsigned)pem.len};
		rc = gnutls_certificate_set_x509_trust_mem(
			store->credentials, &data, GNUTLS_X509_FMT_PEM);
		if (rc <= 0)
			report(r, "client CA %s: holds no PEM certificate", path);
		rc = rc > 0 ? 0 : BH_ECONFIG;
	}
	store->asks_client = rc == 0;
	buf_fini(&pem);
	return rc;
}

static int load_system_trust(struct tls_store *store, struct report *r)
{
	if (gnutls_certificate_set_x509_system_trust(store->credentials) <= 0) {
		report(r, "the system has no certificates of authorities: install ca-certificates");
		return BH_ECONFIG;
	}
	store->asks_client = true;
	return 0;
}

static const struct identity *find(const struct tls_store *store, const char *name, size_t len)
{
	struct map_node *node = len > 0 ? map_find(&store->by_name, name, len) : NULL;

	return node != NULL ? container_of(node, struct identity, node) : NULL;
}

/* NULL: a client shows none. */
static const struct identity *choose(const struct tls_choice *choice, gnutls_session_t session)
{
	char name[TLS_NAME_SIZE];
	const struct identity *id;

	if (choice->client)
		return find(choice->store, choice->local.p, choice->local.len);
	id = find(choice->store, name, tls_requested_name(session, name));
	return id != NULL ? id : &choice->store->ids[0];
}

static int retrieve(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
	gnutls_pcert_st **chain, unsigned *chain_len, gnutls_ocsp_data_st **ocsp,
	unsigned *ocsp_len, gnutls_privkey_t *key, unsigned *flags)
{
	const struct identity *id = choose(gnutls_session_get_ptr(session), session);

	(void)info;
	*chain = id != NULL ? (gnutls_pcert_st *)id->chain.certs : NULL;
	*chain_len = id != NULL ? id->chain.len : 0;
	*ocsp = NULL;
	*ocsp_len = 0;
	*key = id != NULL ? id->key.key : NULL;
	*flags = 0; /* all of it stays ours */
	return 0;
}

static void set_up(struct tls_store *store)
{
	gnutls_certificate_set_retrieve_function3(store->credentials, retrieve);
	gnutls_certificate_set_verify_limits(store->credentials, TLS_PEER_BITS_MAX, TLS_CHAIN_MAX);
}

static void store_free(struct tls_store *store)
{
	for (size_t i = 0; i < store->n; i++) {
		struct identity *id = &store->ids[i];

		tls_chain_fini(&id->chain);
		tls_asked_key_fini(&id->key);
		free(id->name);
	}
	map_fini(&store->by_name);
	if (store->credentials != NULL)
		gnutls_certificate_free_credentials(store->credentials);
	free(store);
}

int tls_store_load(const struct tls_plan *plan, struct tls_store **out, char *what,
	size_t what_size)
{
	char buffer[1024] = "";
	struct report r = {what, what_size, 0}, warnings = {buffer, sizeof buffer, 0};
	struct tls_store *store;
	int rc = 0;

	if (what_size > 0)
		what[0] = '\0';
	if (plan->n == 0) {
		report(&r, "no domain has a certificate: set domain \"...\" { certificate }");
		return BH_ECONFIG;
	}
	store = bh_alloc(sizeof *store + plan->n * sizeof store->ids[0]);
	store->refs = 1;
	if (gnutls_certificate_allocate_credentials(&store->credentials) < 0)
		rc = BH_ENOMEM;
	else
		set_up(store);
	while (rc == 0 && store->n < plan->n)
		rc = load_identity(store, plan, &r, &warnings);
	if (rc == 0 && plan->client_ca != NULL)
		rc = load_client_ca(store, plan->client_ca, &r);
	if (rc == 0 && plan->system_trust)
		rc = load_system_trust(store, &r);
	if (rc < 0) {
		store_free(store);
		return rc;
	}
	if (what_size > 0)
		snprintf(what, what_size, "%s", buffer);
	*out = store;
	return 0;
}

int64_t tls_store_expires(const struct tls_store *store, size_t i)
{
	return store->ids[i].expires;
}

struct tls_store *tls_store_ref(struct tls_store *store)
{
	store->refs++;
	return store;
}

void tls_store_unref(struct tls_store **store)
{
	struct tls_store *s = *store;

	*store = NULL;
	if (s != NULL && --s->refs == 0)
		store_free(s);
}

size_t tls_store_size(const struct tls_store *store)
{
	return store->n;
}

const char *tls_store_name(const struct tls_store *store, size_t i)
{
	return store->ids[i].name;
}

const struct tls_key_id *tls_store_key(const struct tls_store *store, size_t i)
{
	return &store->ids[i].key.id;
}

void tls_store_fingerprint(const struct tls_store *store, size_t i, char out[TLS_FINGERPRINT_SIZE])
{
	tls_fingerprint(&store->ids[i].chain.certs[0].cert, out);
}

gnutls_certificate_credentials_t tls_store_credentials(const struct tls_store *store)
{
	return store->credentials;
}

bool tls_store_asks_client(const struct tls_store *store)
{
	return store->asks_client;
}

struct str tls_store_domain(const struct tls_store *store, struct str name)
{
	struct map_node *node = map_find(&store->by_name, name.p, name.len);

	return node != NULL ? str_make(node->key, node->key_len) : STR_NONE;
}
