/* One session with credentials of its own, which refuse nothing by themselves: the certificate is judged afterwards. */
#include "net/tls_probe.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "net/tls_certs.h"
#include "net/tls_names.h"

struct probe {
	const struct tls_probe *want;
	struct tls_probed *out;
	gnutls_certificate_credentials_t credentials;
	gnutls_session_t session;
};

static int fail(struct probe *p, int rc, const char *what, int code)
{
	snprintf(p->out->why, sizeof p->out->why, "%s: %s", what, gnutls_strerror(code));
	return rc;
}

static int trust(struct probe *p)
{
	const char *ca = p->want->ca;
	int n = gnutls_certificate_allocate_credentials(&p->credentials);

	if (n < 0)
		return fail(p, BH_ENOMEM, "TLS", n);
	n = ca != NULL ? gnutls_certificate_set_x509_trust_file(p->credentials, ca, GNUTLS_X509_FMT_PEM)
		       : gnutls_certificate_set_x509_system_trust(p->credentials);
	if (n < 0)
		return fail(p, BH_ECONFIG, ca != NULL ? ca : "the authorities of the system", n);
	if (n > 0)
		return 0;
	snprintf(p->out->why, sizeof p->out->why, "%s holds no certificate", ca != NULL ? ca : "the system");
	return BH_ECONFIG;
}

static bool is_address(const char *host)
{
	struct in6_addr address;

	return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
}

static int shake_hands(struct probe *p, int fd)
{
	const char *server = p->want->server;
	int code = gnutls_init(&p->session, GNUTLS_CLIENT);

	if (code == 0)
		code = gnutls_set_default_priority(p->session);
	if (code == 0)
		code = gnutls_credentials_set(p->session, GNUTLS_CRD_CERTIFICATE, p->credentials);
	if (code == 0 && !is_address(server))
		code = gnutls_server_name_set(p->session, GNUTLS_NAME_DNS, server, strlen(server));
	if (code < 0)
		return fail(p, BH_ENOMEM, "TLS", code);
	gnutls_transport_set_int(p->session, fd);
	gnutls_handshake_set_timeout(p->session, p->want->timeout_ms);
	do
		code = gnutls_handshake(p->session);
	while (code < 0 && gnutls_error_is_fatal(code) == 0);
	return code < 0 ? fail(p, BH_EIO, "no TLS handshake", code) : 0;
}

static void talk(struct probe *p)
{
	char *heard = p->out->heard;
	size_t len = 0;
	ssize_t n;

	gnutls_record_set_timeout(p->session, p->want->timeout_ms);
	if (gnutls_record_send(p->session, p->want->say, strlen(p->want->say)) < 0)
		return;
	do {
		n = gnutls_record_recv(p->session, heard + len, sizeof p->out->heard - 1 - len);
		len += n > 0 ? (size_t)n : 0;
		heard[len] = '\0';
	} while ((n > 0 || n == GNUTLS_E_INTERRUPTED || n == GNUTLS_E_AGAIN) && len < sizeof p->out->heard - 1 &&
		strstr(heard, p->want->until) == NULL);
}

static bool is_good(const struct probe *p, const struct tls_certs *certs)
{
	struct tls_found *found = &p->out->found;
	char names[256];

	if (!tls_certs_valid(certs, p->session, found))
		return false;
	if (gnutls_x509_crt_check_hostname(certs->of[0], p->want->server) != 0)
		return true;
	tls_names_list(certs->of[0], ", ", names, sizeof names);
	tls_found(found, TLS_UNNAMED, "%.200s, but %s", p->want->server, names[0] != '\0' ? names : "nobody");
	return false;
}

static int look(struct probe *p)
{
	struct tls_certs certs;
	int rc = BH_EDENIED;

	tls_certs_shown(&certs, p->session);
	if (certs.n > 0) {
		tls_certs_describe(&certs, p->out->certificate, sizeof p->out->certificate);
		tls_certs_fingerprint(&certs, p->out->chain);
	}
	if (is_good(p, &certs))
		rc = 0;
	else
		snprintf(p->out->why, sizeof p->out->why, "%.511s", p->out->found.text);
	tls_certs_fini(&certs);
	return rc;
}

int tls_probe(int fd, const struct tls_probe *want, struct tls_probed *out)
{
	struct probe p = {.want = want, .out = out};
	int rc;

	*out = (struct tls_probed){.found = {.finding = TLS_NOT_SHOWN}};
	rc = trust(&p);
	if (rc == 0)
		rc = shake_hands(&p, fd);
	if (rc == 0)
		rc = look(&p);
	if (p.session != NULL && *out->certificate != '\0' && want->say != NULL)
		talk(&p);
	if (p.session != NULL)
		gnutls_deinit(p.session);
	if (p.credentials != NULL)
		gnutls_certificate_free_credentials(p.credentials);
	return rc;
}
