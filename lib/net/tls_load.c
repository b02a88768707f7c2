/* Reading the files of a domain's identity. */
#include "net/tls_load.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/err.h"

enum { FILE_MAX = 1024 * 1024 };

void report(struct report *r, const char *fmt, ...)
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

int tls_read_file(const char *path, struct buf *out)
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
int tls_read_part(const struct tls_identity *id, const char *part, struct buf *out, struct report *r)
{
	const char *path = strcmp(part, "key") == 0 ? id->key : id->certificate;
	int rc = tls_read_file(path, out);

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

int tls_chain_load(const struct tls_identity *id, struct tls_chain *out, struct report *r)
{
	struct buf pem = BUF_INIT;
	int rc = tls_read_part(id, "certificate", &pem, r);

	if (rc == 0) {
		gnutls_datum_t data = {pem.data, (unsigned)pem.len};

		out->len = TLS_CHAIN_MAX;
		rc = gnutls_pcert_list_import_x509_raw(
			out->certs, &out->len, &data, GNUTLS_X509_FMT_PEM, 0);
		if (rc < 0 || out->len == 0) {
			report(r,
				"certificate %s: holds no PEM certificate chain (%s): it must "
				"begin with the certificate of %s",
				id->certificate, gnutls_strerror(rc), id->domain);
			out->len = 0;
			rc = BH_ECONFIG;
		}
	}
	buf_fini(&pem);
	return rc;
}

void tls_chain_fini(struct tls_chain *chain)
{
	for (unsigned i = 0; i < chain->len; i++)
		gnutls_pcert_deinit(&chain->certs[i]);
	chain->len = 0;
}

int tls_public_id(gnutls_pubkey_t key, struct tls_key_id *out)
{
	size_t size = sizeof out->b;

	return gnutls_pubkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, out->b, &size);
}

void tls_hash_text(const uint8_t hash[32], char out[TLS_FINGERPRINT_SIZE])
{
	for (size_t i = 0; i < 32; i++)
		snprintf(out + 2 * i, 3, "%02x", hash[i]);
}

void tls_fingerprint(const gnutls_datum_t *der, char out[TLS_FINGERPRINT_SIZE])
{
	uint8_t hash[32];
	size_t size = sizeof hash;

	BUG_ON(gnutls_fingerprint(GNUTLS_DIG_SHA256, der, hash, &size) < 0);
	tls_hash_text(hash, out);
}
