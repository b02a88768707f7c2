/* GnuTLS over memory buffers. */
#include "net/tls_session.h"

#include <ctype.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "net/tls_handshake.h"
#include "net/tls_peer.h"
#include "net/tls_private.h"

enum {
	/* Of one handshake message: a client's certificate chain fits. */
	HANDSHAKE_MESSAGE_MAX = 32 * 1024,
	RECORD_TYPE_MIN = 20,
	RECORD_TYPE_MAX = 23,
};

struct tls_session {
	gnutls_session_t tls;
	struct tls_io *io;
	struct tls_handshake *handshake; /* NULL when it is complete */
	struct tls_choice choice;
	struct str sni; /* the store's copy, or own_sni */
	char *own_sni;
	struct certificate *certificate; /* of a client, verified; or NULL */
	int error;
	uint8_t barren;
};

static ssize_t pull(gnutls_transport_ptr_t ptr, void *to, size_t n)
{
	struct tls_io *io = ptr;
	size_t left = (size_t)(io->end - io->in);

	if (left == 0) {
		errno = EAGAIN;
		return -1;
	}
	if (n > left)
		n = left;
	memcpy(to, io->in, n);
	io->in += n;
	return (ssize_t)n;
}

static int pull_timeout(gnutls_transport_ptr_t ptr, unsigned ms)
{
	const struct tls_io *io = ptr;

	(void)ms;
	return io->in < io->end;
}

static ssize_t push(gnutls_transport_ptr_t ptr, const giovec_t *iov, int n)
{
	struct tls_io *io = ptr;
	size_t before = io->out.len;

	for (int i = 0; i < n; i++)
		buf_put(&io->out, iov[i].iov_base, iov[i].iov_len);
	if (buf_failed(&io->out)) {
		errno = ENOMEM;
		return -1;
	}
	return (ssize_t)(io->out.len - before);
}

static int offer_alpn(struct tls_session *t, const char *alpn, unsigned flags)
{
	gnutls_datum_t name = {(unsigned char *)(uintptr_t)alpn, 0};

	if (alpn == NULL)
		return 0;
	name.size = (unsigned)strlen(alpn);
	return gnutls_alpn_set_protocols(t->tls, &name, 1, flags);
}

/* What both sides have. */
static int configure(struct tls_session *t)
{
	int rc = gnutls_priority_set(t->tls, tls_priority());

	if (rc == 0)
		rc = gnutls_credentials_set(
			t->tls, GNUTLS_CRD_CERTIFICATE, tls_store_credentials(t->choice.store));
	gnutls_handshake_set_max_packet_length(t->tls, HANDSHAKE_MESSAGE_MAX);
	gnutls_handshake_set_hook_function(
		t->tls, GNUTLS_HANDSHAKE_ANY, GNUTLS_HOOK_POST, tls_peer_check_key);
	gnutls_session_set_ptr(t->tls, &t->choice);
	gnutls_transport_set_ptr(t->tls, t->io);
	gnutls_transport_set_pull_function(t->tls, pull);
	gnutls_transport_set_pull_timeout_function(t->tls, pull_timeout);
	gnutls_transport_set_vec_push_function(t->tls, push);
	return rc;
}

static int serve(struct tls_session *t, const char *alpn)
{
	int rc = configure(t);

	if (rc == 0)
		rc = gnutls_session_ticket_enable_server(t->tls, tls_ticket_key());
	if (rc == 0)
		rc = offer_alpn(t, alpn, GNUTLS_ALPN_MANDATORY);
	if (tls_store_asks_client(t->choice.store))
		gnutls_certificate_server_set_request(t->tls, GNUTLS_CERT_REQUEST);
	return rc;
}

static int ask(struct tls_session *t, const struct tls_wish *wish)
{
	int rc = configure(t);

	t->choice.client = true;
	if (wish->local != NULL)
		t->choice.local = str_of(bh_strdup(wish->local));
	if (rc == 0)
		rc = gnutls_server_name_set(t->tls, GNUTLS_NAME_DNS, wish->server, strlen(wish->server));
	if (rc == 0)
		rc = offer_alpn(t, wish->alpn, 0);
	return rc;
}

static struct tls_session *create(struct tls_store *store, unsigned flags, const struct tls_place *place)
{
	struct tls_session *t = bh_alloc(sizeof *t);

	if (gnutls_init(&t->tls, flags | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | GNUTLS_NO_TICKETS_TLS12) < 0) {
		free(t);
		return NULL;
	}
	t->io = place->io;
	t->choice.store = tls_store_ref(store);
	t->handshake = tls_handshake_create(t->tls, place->io, place->owner);
	return t;
}

static int finish(struct tls_session *t, int rc, struct tls_session **out)
{
	if (rc < 0) {
		tls_session_free(&t);
		return BH_ECRYPTO;
	}
	*out = t;
	return 0;
}

int tls_session_open(struct tls_store *store, const char *alpn, const struct tls_place *place,
	struct tls_session **out)
{
	struct tls_session *t = create(store, GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET, place);

	return t != NULL ? finish(t, serve(t, alpn), out) : BH_ENOMEM;
}

int tls_session_connect(struct tls_store *store, const struct tls_wish *wish,
	const struct tls_place *place, struct tls_session **out)
{
	struct tls_session *t = create(store, GNUTLS_CLIENT | GNUTLS_NO_TICKETS, place);

	return t != NULL ? finish(t, ask(t, wish), out) : BH_ENOMEM;
}

bool tls_session_is_client(const struct tls_session *t)
{
	return t->choice.client;
}

void tls_session_free(struct tls_session **session)
{
	struct tls_session *t = *session;

	*session = NULL;
	if (t == NULL)
		return;
	tls_handshake_free(&t->handshake);
	gnutls_deinit(t->tls);
	tls_store_unref(&t->choice.store);
	free(t->own_sni);
	certificate_free(&t->certificate);
	free((char *)(uintptr_t)t->choice.local.p);
	free(t);
}

ssize_t tls_whole_records(const uint8_t *p, size_t n)
{
	size_t at = 0;

	while (n - at >= TLS_RECORD_HEADER) {
		const uint8_t *h = p + at;
		size_t len = TLS_RECORD_HEADER + ((size_t)h[3] << 8 | h[4]);

		if (h[0] < RECORD_TYPE_MIN || h[0] > RECORD_TYPE_MAX || h[1] != 3 ||
			len > TLS_RECORD_MAX)
			return BH_EPROTO;
		if (n - at < len)
			break;
		at += len;
	}
	/* So that "GET / HTTP" does not wait for the rest of a record. */
	if (at < n && (p[at] < RECORD_TYPE_MIN || p[at] > RECORD_TYPE_MAX))
		return BH_EPROTO;
	return (ssize_t)at;
}

static int fail(struct tls_session *t, int error)
{
	t->error = error;
	/* Lets the peer know, where there is an alert for it. */
	if (error != GNUTLS_E_FATAL_ALERT_RECEIVED)
		gnutls_alert_send_appropriate(t->tls, error);
	return BH_EPROTO;
}

static void remember_sni(struct tls_session *t)
{
	char name[TLS_NAME_SIZE];
	size_t len = tls_requested_name(t->tls, name);

	if (len == 0)
		return;
	t->sni = tls_store_domain(t->choice.store, str_make(name, len));
	if (t->sni.p == NULL) {
		t->own_sni = bh_strndup(name, len);
		t->sni = str_make(t->own_sni, len);
	}
}

int tls_session_handshake(struct tls_session *t)
{
	int rc = tls_handshake_step(t->handshake);

	if (rc == BH_EAGAIN)
		return rc;
	if (rc < 0)
		return fail(t, t->handshake->result);
	tls_handshake_free(&t->handshake);
	if (t->choice.client)
		return 0;
	remember_sni(t);
	if (tls_store_asks_client(t->choice.store))
		t->certificate = tls_peer_certificate(t->tls);
	return 0;
}

bool tls_session_waits(const struct tls_session *t)
{
	return t->handshake != NULL && tls_handshake_waits(t->handshake);
}

void tls_session_cancel(struct tls_session *t)
{
	if (t->handshake != NULL)
		tls_handshake_cancel(t->handshake);
}

/* What stands behind the data that is already there is told by the next call. */
ssize_t tls_session_read(struct tls_session *t, uint8_t *out, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (t->error == 0 && size - len >= TLS_PLAIN_MAX) {
		const uint8_t *before = t->io->in;

		n = gnutls_record_recv(t->tls, out + len, size - len);
		if (n > 0) {
			len += (size_t)n;
			t->barren = 0;
		} else if (n == 0) {
			return len > 0 ? (ssize_t)len : BH_ECLOSED;
		} else if (n == GNUTLS_E_AGAIN && before == t->io->end) {
			return len > 0 ? (ssize_t)len : BH_EAGAIN;
		} else if (!tls_bear(&t->barren, (int)n)) {
			fail(t, (int)n);
		}
	}
	return len > 0 ? (ssize_t)len : BH_EPROTO;
}

int tls_session_write(struct tls_session *t, const uint8_t *p, size_t n)
{
	while (n > 0 && t->error == 0) {
		ssize_t rc = gnutls_record_send(t->tls, p, n < TLS_PLAIN_MAX ? n : TLS_PLAIN_MAX);

		if (rc > 0) {
			p += rc;
			n -= (size_t)rc;
		} else if (rc != GNUTLS_E_INTERRUPTED) {
			t->error = (int)rc;
		}
	}
	return t->error == 0 ? 0 : BH_EPROTO;
}

void tls_session_send_ticket(struct tls_session *t)
{
	if (t->error == 0 && gnutls_protocol_get_version(t->tls) == GNUTLS_TLS1_3)
		gnutls_session_ticket_send(t->tls, 1, 0);
}

void tls_session_bye(struct tls_session *t)
{
	if (t->handshake == NULL && t->error == 0)
		gnutls_bye(t->tls, GNUTLS_SHUT_WR);
}

static const struct {
	int error;
	const char *phrase;
} phrases[] = {
	{GNUTLS_E_NO_CIPHER_SUITES, "no shared cipher"},
	{GNUTLS_E_INSUFFICIENT_CREDENTIALS, "no certificate that the client can use"},
	{GNUTLS_E_NO_COMMON_KEY_SHARE, "no shared key exchange group"},
	{GNUTLS_E_UNSUPPORTED_VERSION_PACKET, "no shared protocol version"},
	{GNUTLS_E_UNSUPPORTED_SIGNATURE_ALGORITHM, "no shared signature algorithm"},
	{GNUTLS_E_NO_APPLICATION_PROTOCOL, "no shared ALPN protocol"},
	{GNUTLS_E_REHANDSHAKE, "renegotiation refused"},
	{GNUTLS_E_AGAIN, "too many records without data"},
	{GNUTLS_E_INTERRUPTED, "too many records without data"},
	{GNUTLS_E_WARNING_ALERT_RECEIVED, "too many records without data"},
	{GNUTLS_E_TOO_MANY_HANDSHAKE_PACKETS, "too many key updates"},
	{GNUTLS_E_DECRYPTION_FAILED, "a record that does not decrypt"},
	{GNUTLS_E_TIMEDOUT, "keyd has not signed in time"},
	{GNUTLS_E_PK_SIGN_FAILED, "keyd does not sign for this certificate"},
	{GNUTLS_E_CONSTRAINT_ERROR, "the peer's key is too large"},
};

void tls_session_why(const struct tls_session *t, char *out, size_t size)
{
	const char *text = gnutls_strerror(t->error);
	size_t len;

	if (t->error == GNUTLS_E_FATAL_ALERT_RECEIVED) {
		text = gnutls_alert_get_name(gnutls_alert_get(t->tls));
		snprintf(out, size, "TLS: the peer refused: %s",
			text != NULL ? text : "unknown alert");
		return;
	}
	for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++) {
		if (phrases[i].error == t->error)
			text = phrases[i].phrase;
	}
	snprintf(out, size, "TLS: %s", text);
	len = strlen(out);
	if (len > 0 && out[len - 1] == '.')
		out[len - 1] = '\0';
	if (len > 5)
		out[5] = (char)tolower((unsigned char)out[5]);
}

const char *tls_session_description(const struct tls_session *t)
{
	bool new = gnutls_protocol_get_version(t->tls) == GNUTLS_TLS1_3;

	switch (gnutls_cipher_get(t->tls)) {
	case GNUTLS_CIPHER_AES_128_GCM:
		return new ? "TLS1.3 AES-128-GCM" : "TLS1.2 AES-128-GCM";
	case GNUTLS_CIPHER_AES_256_GCM:
		return new ? "TLS1.3 AES-256-GCM" : "TLS1.2 AES-256-GCM";
	case GNUTLS_CIPHER_CHACHA20_POLY1305:
		return new ? "TLS1.3 CHACHA20-POLY1305" : "TLS1.2 CHACHA20-POLY1305";
	default:
		return "";
	}
}

bool tls_session_exporter(const struct tls_session *t, uint8_t out[32])
{
	static const char label[] = "EXPORTER-Channel-Binding";

	/* RFC 9266 4.2: without extended master secret it binds to nothing. */
	if (t->handshake != NULL ||
		(gnutls_protocol_get_version(t->tls) != GNUTLS_TLS1_3 &&
			(gnutls_session_get_flags(t->tls) & GNUTLS_SFLAGS_EXT_MASTER_SECRET) == 0))
		return false;
	/* The context is "", not NULL: under TLS 1.2 these give different values. */
	return gnutls_prf_rfc5705(t->tls, sizeof label - 1, label, 0, "", 32, (char *)out) == 0;
}

struct str tls_session_sni(const struct tls_session *t)
{
	return t->sni;
}

void tls_session_describe_peer(const struct tls_session *t, char *out, size_t size)
{
	tls_peer_describe(t->tls, out, size);
}

int tls_session_check_peer(const struct tls_session *t, struct str domain, char *why, size_t size)
{
	return tls_peer_check(t->tls, domain, why, size);
}

int tls_session_check_dane(
	const struct tls_session *t, const struct dane *dane, struct str domain, char *why, size_t size)
{
	return tls_peer_check_dane(t->tls, dane, domain, why, size);
}

const struct certificate *tls_session_certificate(const struct tls_session *t)
{
	return t->certificate;
}
