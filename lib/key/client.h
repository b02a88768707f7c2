/*
 * client - a front end's side of keyd: signatures, and the certificates that can be used
 *
 * Connects to key.sock in the runtime directory, and again for ever: after 5 ms, doubling up to 1 s.  What was asked
 * and not answered is asked again on the next connection, so a keyd that dies only delays; what is not
 * answered within KEY_PATIENCE_MS has failed.
 *
 * A store (net/tls.h) is used when keyd has the keys of all its certificates.  So the two may read their files again in any
 * order, and when one of them finds an error there the certificates of before stay.  The first store is used at once.
 */
#ifndef BH_KEY_CLIENT_H
#define BH_KEY_CLIENT_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "key/frame.h"
#include "net/tls.h"

enum { KEY_PATIENCE_MS = 10 * 1000 };

struct key_client;

/* Up: keyd is there and has said what it has; down: it is lost; once per change.  Lacking: keyd has said what it has, and that
 * is not all that the certificates in use need.  Used: the store that was offered is in use from now on. */
enum key_event { KEY_EVENT_UP, KEY_EVENT_DOWN, KEY_EVENT_LACKING, KEY_EVENT_USED };

/* "keyd-up", "keyd-down", "key-missing", "certificates-used": for the log. */
const char *key_event_name(enum key_event event);

struct key_client_counts {
	uint64_t done, failed;
	size_t waiting;
};

/* Without a connection yet: its signer can be named to stores.  text says more of an event, in a few words. */
struct key_client *key_client_create(enum key_role role,
	void (*on_event)(void *owner, enum key_event event, const char *text), void *owner);
int key_client_start(struct key_client *client, uv_loop_t *loop, const char *run_dir);
/* Nobody waits for a signature any more.  One that was not started is freed at once. */
void key_client_stop(struct key_client **client, void (*done)(void *), void *arg);

struct tls_signer *key_client_signer(struct key_client *client);

/* Certificates to use, as soon as keyd has their keys, in place of those that were offered before.  Takes over the
 * reference. */
void key_client_offer(struct key_client *client, struct tls_store *store);
/* Takes what keyd has sent already, from the loop: whoever knows that it has the keys by now need not miss them. */
void key_client_catch_up(struct key_client *client);
/* Those for new handshakes; borrowed. */
struct tls_store *key_client_store(const struct key_client *client);

struct key_client_counts key_client_counts(const struct key_client *client);

#endif
