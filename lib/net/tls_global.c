/* What all TLS sessions of the process share: the order of algorithms and the ticket key. */
#include <gnutls/gnutls.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "net/tls_private.h"

/* X25519 and AES-128-GCM first because they are the fastest; RSA key exchange would need a key
 * that decrypts, and has no forward secrecy. */
static const char priorities[] =
	"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA"
	":-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:-MAC-ALL:+AEAD"
	":-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:%SERVER_PRECEDENCE";

enum { TICKET_KEY_MS = 24 * 60 * 60 * 1000 };

static gnutls_priority_t priority;
static gnutls_datum_t ticket_key;
static uint64_t ticket_key_made;

static void wipe_ticket_key(void)
{
	if (ticket_key.data != NULL)
		gnutls_memset(ticket_key.data, 0, ticket_key.size);
	gnutls_free(ticket_key.data);
	ticket_key = (gnutls_datum_t){0};
}

static int make_ticket_key(void)
{
	gnutls_datum_t key;

	if (gnutls_session_ticket_key_generate(&key) < 0)
		return BH_ECRYPTO;
	wipe_ticket_key();
	ticket_key = key;
	ticket_key_made = clock_ms();
	return 0;
}

int tls_global_init(void)
{
	if (priority != NULL)
		return 0;
	if (gnutls_global_init() < 0)
		return BH_ECRYPTO;
	if (gnutls_priority_init(&priority, priorities, NULL) < 0 || make_ticket_key() < 0) {
		tls_global_fini();
		return BH_ECRYPTO;
	}
	return 0;
}

void tls_global_fini(void)
{
	if (priority != NULL)
		gnutls_priority_deinit(priority);
	priority = NULL;
	wipe_ticket_key();
	gnutls_global_deinit();
}

gnutls_priority_t tls_priority(void)
{
	return priority;
}

const gnutls_datum_t *tls_ticket_key(void)
{
	/* A session has its own copy.  When no new key can be had the old one serves on. */
	if (clock_ms() - ticket_key_made >= TICKET_KEY_MS)
		make_ticket_key();
	return &ticket_key;
}
