/* Self-signed certificates, by GnuTLS. */
#include "net/selfsign.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/rand.h"

enum { YEARS = 10, SERIAL_SIZE = 16 };

static int fill(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const char *domain)
{
	uint8_t serial[SERIAL_SIZE];
	time_t now = time(NULL);
	int rc;

	rand_bytes(serial, sizeof serial);
	serial[0] &= 0x7f;
	rc = gnutls_x509_crt_set_version(crt, 3);
	if (rc == 0)
		rc = gnutls_x509_crt_set_serial(crt, serial, sizeof serial);
	if (rc == 0)
		rc = gnutls_x509_crt_set_activation_time(crt, now - 3600);
	if (rc == 0)
		rc = gnutls_x509_crt_set_expiration_time(crt, now + YEARS * 365L * 86400);
	if (rc == 0)
		rc = gnutls_x509_crt_set_key(crt, key);
	if (rc == 0)
		rc = gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, domain,
			(unsigned)strlen(domain) < 64 ? (unsigned)strlen(domain) : 64);
	if (rc == 0)
		rc = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, domain,
			(unsigned)strlen(domain), GNUTLS_FSAN_SET);
	if (rc == 0)
		rc = gnutls_x509_crt_set_basic_constraints(crt, 0, -1);
	return rc != 0 ? rc : gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
}

static int write_file(const char *path, const gnutls_datum_t *pem, mode_t mode, char *what,
	size_t what_size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	int rc = 0;

	/* Whatever the umask is. */
	if (fd < 0 || fchmod(fd, mode) != 0 || write(fd, pem->data, pem->size) != (ssize_t)pem->size)
		rc = -errno;
	if (fd >= 0)
		close(fd);
	if (rc != 0)
		snprintf(what, what_size, "cannot write %s: %s", path, strerror(-rc));
	return rc;
}

static int write_both(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const char *paths[2],
	char *what, size_t what_size)
{
	gnutls_datum_t crt_pem = {NULL, 0}, key_pem = {NULL, 0};
	int rc = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &crt_pem);

	if (rc == 0)
		rc = gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL,
			GNUTLS_PKCS_PLAIN, &key_pem);
	if (rc != 0)
		snprintf(what, what_size, "cannot make a certificate: %s", gnutls_strerror(rc));
	if (rc == 0)
		rc = write_file(paths[1], &key_pem, 0600, what, what_size);
	if (rc == 0)
		rc = write_file(paths[0], &crt_pem, 0644, what, what_size);
	if (key_pem.data != NULL)
		gnutls_memset(key_pem.data, 0, key_pem.size);
	gnutls_free(key_pem.data);
	gnutls_free(crt_pem.data);
	return rc;
}

int selfsign_write(const char *domain, const char *certificate, const char *key, char *what,
	size_t what_size)
{
	const char *paths[2] = {certificate, key};
	gnutls_x509_privkey_t private_key;
	gnutls_x509_crt_t crt;
	int rc;

	gnutls_x509_privkey_init(&private_key);
	gnutls_x509_crt_init(&crt);
	rc = gnutls_x509_privkey_generate(private_key, GNUTLS_PK_ECDSA,
		GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	if (rc == 0)
		rc = fill(crt, private_key, domain);
	if (rc != 0) {
		snprintf(what, what_size, "cannot make a certificate for %s: %s", domain,
			gnutls_strerror(rc));
		rc = BH_ECRYPTO;
	} else {
		rc = write_both(crt, private_key, paths, what, what_size);
	}
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(private_key);
	return rc;
}
