/* The certificates of all domains: loading with checks that say what is wrong, choice by SNI. */
#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/list.h"
#include "base/map.h"
#include "net/tls_private.h"

enum { CHAIN_MAX = 16, FILE_MAX = 1024 * 1024 };

struct identity {
	struct map_node node; /* key: name */
	char *name;	      /* the domain in A-labels */
	gnutls_pcert_st chain[CHAIN_MAX];
	unsigned chain_len;
	gnutls_privkey_t key;
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

/* Where the sentence goes: the first error, or warnings one after the other. */
struct report {
	char *text;
	size_t size, len;
};

static void report(struct report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void report(struct report *r, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (r->len + 3 >= r->size)
		return;
	if (r->len > 0)
		r->len += (size_t)snprintf(r->text + r->len, r->size - r->len, "; ");
	va_start(ap, fmt);
	n = vsnprintf(r->text + r->len, r->size - r->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		r->len += (size_t)n < r->size - r->len ? (size_t)n : r->size - r->len - 1;
}

static int read_file(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "re");
	size_t n;
	int rc = 0;

	if (f == NULL)
		return -errno;
	/* Unbuffered: stdio would keep a copy of the key. */
	setvbuf(f, NULL, _IONBF, 0);
	do {
		if (out->len > FILE_MAX || buf_room(out, 4096) == NULL) {
			rc = BH_ETOOBIG;
			break;
		}
		n = fread(out->data + out->len, 1, 4096, f);
		buf_commit(out, n);
	} while (n > 0);
	if (rc == 0 && ferror(f))
		rc = errno != 0 ? -errno : BH_EIO;
	fclose(f);
	return rc;
}

/* "certificate /x/y.crt: file not found: ...", with what to do about it. */
static int read_part(const struct tls_identity *id, const char *part, const char *path,
	struct buf *out, struct report *r)
{
	int rc = read_file(path, out);

	if (rc == -ENOENT)
		report(r,
			"%s %s: file not found: set domain \"%s\" { %s } to an existing file, or "
			"make one with: openssl req -x509 -newkey ec "
			"-pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj /CN=%s -addext subjectAltName=DNS:%s -keyout %s -out %s",
			part, path, id->domain, part, id->domain, id->domain, id->key,
			id->certificate);
	else if (rc == -EACCES)
		report(r, "%s %s: permission denied: let the user of this daemon read it", part,
			path);
	else if (rc < 0)
		report(r, "%s %s: cannot be read: %s", part, path, bh_strerror(rc));
	return rc;
}

static int load_chain(
	const struct tls_identity *id, struct identity *into, struct report *r)
{
	struct buf pem = BUF_INIT;
	int rc = read_part(id, "certificate", id->certificate, &pem, r);

	if (rc == 0) {
		gnutls_datum_t data = {pem.data, (unsigned)pem.len};

		into->chain_len = CHAIN_MAX;
		rc = gnutls_pcert_list_import_x509_raw(
			into->chain, &into->chain_len, &data, GNUTLS_X509_FMT_PEM, 0);
		if (rc < 0 || into->chain_len == 0) {
			report(r,
				"certificate %s: holds no PEM certificate chain (%s): it must "
				"begin with the certificate of %s",
				id->certificate, gnutls_strerror(rc), id->domain);
			into->chain_len = 0;
			rc = BH_ECONFIG;
		}
	}
	buf_fini(&pem);
	return rc;
}

static int import_key(struct identity *into, const struct buf *pem)
{
	gnutls_datum_t data = {pem->data, (unsigned)pem->len};
	int rc = gnutls_privkey_init(&into->key);

	if (rc < 0) {
		into->key = NULL;
		return rc;
	}
	return gnutls_privkey_import_x509_raw(into->key, &data, GNUTLS_X509_FMT_PEM, NULL, 0);
}

static int load_key(const struct tls_identity *id, struct identity *into, struct report *r)
{
	struct buf pem = BUF_INIT;
	int rc = read_part(id, "key", id->key, &pem, r);

	if (rc == 0) {
		rc = import_key(into, &pem);
		if (rc < 0) {
			report(r, "key %s: not a PEM private key without a password: %s", id->key,
				gnutls_strerror(rc));
			rc = BH_ECONFIG;
		}
	}
	buf_fini_secret(&pem);
	return rc;
}

static bool key_matches(const struct identity *id)
{
	uint8_t of_key[64], of_cert[64];
	size_t key_len = sizeof of_key, cert_len = sizeof of_cert;
	gnutls_pubkey_t pub;
	bool same;

	if (gnutls_pubkey_init(&pub) < 0)
		return false;
	same = gnutls_pubkey_import_privkey(pub, id->key, 0, 0) == 0 &&
		gnutls_pubkey_get_key_id(pub, GNUTLS_KEYID_USE_SHA256, of_key, &key_len) == 0 &&
		gnutls_pubkey_get_key_id(
			id->chain[0].pubkey, GNUTLS_KEYID_USE_SHA256, of_cert, &cert_len) == 0 &&
		key_len == cert_len && memcmp(of_key, of_cert, key_len) == 0;
	gnutls_pubkey_deinit(pub);
	return same;
}

static void check_dates(const struct tls_identity *id, gnutls_x509_crt_t leaf, struct report *r)
{
	time_t from = gnutls_x509_crt_get_activation_time(leaf);
	time_t to = gnutls_x509_crt_get_expiration_time(leaf);
	int64_t now = clock_wall();
	char stamp[CLOCK_STAMP_SIZE];

	if (to < now) {
		clock_stamp(to, stamp);
		report(r, "certificate %s: of domain %s, expired on %s: renew it", id->certificate,
			id->domain, stamp);
	} else if (from > now) {
		clock_stamp(from, stamp);
		report(r, "certificate %s: of domain %s, is not valid before %s", id->certificate,
			id->domain, stamp);
	}
}

/* The leaf names the domain; its dates only give a warning. */
static int check_leaf(const struct tls_identity *id, struct identity *loaded,
	struct report *r, struct report *warnings)
{
	gnutls_x509_crt_t leaf;
	int rc = 0;

	if (gnutls_pcert_export_x509(&loaded->chain[0], &leaf) < 0) {
		report(r, "certificate %s: is not X.509", id->certificate);
		return BH_ECONFIG;
	}
	loaded->expires = gnutls_x509_crt_get_expiration_time(leaf);
	if (!gnutls_x509_crt_check_hostname(leaf, id->domain)) {
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

static int load_identity(struct tls_store *store, const struct tls_identity *id,
	struct report *r, struct report *warnings)
{
	struct identity *into = &store->ids[store->n++];
	int rc;

	into->name = wire_name(id->domain);
	if (map_find(&store->by_name, into->name, strlen(into->name)) != NULL) {
		report(r, "domain %s: has two certificates: leave one", id->domain);
		return BH_ECONFIG;
	}
	rc = map_add(&store->by_name, &into->node, into->name, strlen(into->name));
	if (rc == 0)
		rc = load_chain(id, into, r);
	if (rc == 0)
		rc = load_key(id, into, r);
	if (rc < 0)
		return rc;
	if (!key_matches(into)) {
		report(r, "key %s: does not match the certificate %s: they must be of one pair",
			id->key, id->certificate);
		return BH_ECONFIG;
	}
	return check_leaf(id, into, r, warnings);
}

static int load_client_ca(struct tls_store *store, const char *path, struct report *r)
{
	struct buf pem = BUF_INIT;
	gnutls_datum_t data;
	int rc = read_file(path, &pem);

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
	*chain = id != NULL ? (gnutls_pcert_st *)id->chain : NULL;
	*chain_len = id != NULL ? id->chain_len : 0;
	*ocsp = NULL;
	*ocsp_len = 0;
	*key = id != NULL ? id->key : NULL;
	*flags = 0; /* all of it stays ours */
	return 0;
}

static void store_free(struct tls_store *store)
{
	for (size_t i = 0; i < store->n; i++) {
		struct identity *id = &store->ids[i];

		for (unsigned k = 0; k < id->chain_len; k++)
			gnutls_pcert_deinit(&id->chain[k]);
		if (id->key != NULL)
			gnutls_privkey_deinit(id->key);
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
		gnutls_certificate_set_retrieve_function3(store->credentials, retrieve);
	for (size_t i = 0; i < plan->n && rc == 0; i++)
		rc = load_identity(store, &plan->ids[i], &r, &warnings);
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
