/* One session with credentials of its own, which refuse nothing by themselves: the certificate is judged afterwards. */
#include "net/tls_probe.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "net/tls_peer.h"

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

/* The names that it has, for somebody who has misspelt one. */
static void list_names(gnutls_x509_crt_t cert, char *out, size_t size)
{
	size_t at = 0;

	*out = '\0';
	for (unsigned i = 0; at < size; i++) {
		char name[256], text[INET6_ADDRSTRLEN];
		size_t len = sizeof name - 1;
		int type = gnutls_x509_crt_get_subject_alt_name(cert, i, name, &len, NULL);

		if (type < 0)
			return;
		name[len] = '\0';
		if (type == GNUTLS_SAN_IPADDRESS && inet_ntop(len == 4 ? AF_INET : AF_INET6, name, text, sizeof text) != NULL)
			snprintf(name, sizeof name, "%s", text);
		else if (type != GNUTLS_SAN_DNSNAME)
			continue;
		at += (size_t)snprintf(out + at, size - at, "%s%s", at > 0 ? ", " : "", name);
	}
}

static int judge(struct probe *p, gnutls_x509_crt_t cert)
{
	char names[256];
	unsigned status = 0;

	p->out->expires = gnutls_x509_crt_get_expiration_time(cert);
	if (gnutls_certificate_verify_peers2(p->session, &status) < 0)
		status = GNUTLS_CERT_INVALID;
	if (status != 0) {
		tls_peer_say_status(cert, status, p->out->why, sizeof p->out->why);
		return BH_EDENIED;
	}
	if (gnutls_x509_crt_check_hostname(cert, p->want->server) != 0)
		return 0;
	list_names(cert, names, sizeof names);
	snprintf(p->out->why, sizeof p->out->why, "it does not name %.200s, but %s", p->want->server,
		*names != '\0' ? names : "nobody");
	return BH_EDENIED;
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

static int look(struct probe *p)
{
	unsigned n = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(p->session, &n);
	gnutls_x509_crt_t cert;
	int rc = BH_EDENIED;

	tls_peer_describe(p->session, p->out->certificate, sizeof p->out->certificate);
	if (chain == NULL || n == 0) {
		snprintf(p->out->why, sizeof p->out->why, "none was shown");
		return BH_EDENIED;
	}
	if (gnutls_x509_crt_init(&cert) < 0)
		return BH_ENOMEM;
	if (gnutls_x509_crt_import(cert, &chain[0], GNUTLS_X509_FMT_DER) == 0) {
		(void)gnutls_x509_crt_get_fingerprint(cert, GNUTLS_DIG_SHA256, p->out->sha256, &(size_t){sizeof p->out->sha256});
		rc = judge(p, cert);
	}
	else
		snprintf(p->out->why, sizeof p->out->why, "it cannot be read");
	gnutls_x509_crt_deinit(cert);
	return rc;
}

int tls_probe(int fd, const struct tls_probe *want, struct tls_probed *out)
{
	struct probe p = {.want = want, .out = out};
	int rc;

	*out = (struct tls_probed){.expires = 0};
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
