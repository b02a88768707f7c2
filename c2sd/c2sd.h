/*
 * c2sd - what all of c2sd shares, and the daemon's life
 *
 * A front end: it carries client streams and knows no secret.  Whatever a client may do is
 * decided by routerd and authd; c2sd keeps the order of the stream (states.h), the limits of
 * a connection, and every byte of XML in and out.
 */
#ifndef C2SD_C2SD_H
#define C2SD_C2SD_H

#include <stdint.h>
#include <uv.h>

#include "base/list.h"
#include "base/map.h"
#include "bus/client.h"
#include "carry/carrier.h"
#include "daemon/counter.h"
#include "daemon/daemon.h"
#include "key/client.h"
#include "net/address.h"
#include "net/listener.h"
#include "net/stream.h"
#include "net/tls.h"
#include "xmpp/reader.h"

enum { LISTENERS_MAX = 16, PROXIES_MAX = 32 };

/* How a connection begins. */
enum c2sd_entry { ENTRY_STARTTLS, ENTRY_TLS, ENTRY_COMPONENT };

struct c2sd_listener {
	struct c2sd *c2sd;
	struct listener *listener;
	enum c2sd_entry entry;
};

struct c2sd_settings {
	struct reader_limits before, after; /* authentication */
	struct network proxies[PROXIES_MAX];
	unsigned nproxies;
	unsigned auth_timeout_ms, write_timeout_ms;
	unsigned auth_attempts;
	unsigned connections, connections_per_address;
	bool tls_required;
	bool legacy_auth, registration;
	const char *resume_location; /* of the configuration, or NULL */
};

struct c2sd {
	struct daemon *daemon;
	struct stream_hub *hub;
	struct key_client *keys; /* certificates, and who signs for them */
	struct reader_pool *parsers;
	struct c2sd_listener listeners[LISTENERS_MAX];
	unsigned nlisteners;
	bool accepting;
	bool stopping;
	bool draining; /* those that can resume elsewhere are sent on, some a second */
	struct c2sd_settings settings;
	struct map offers;	/* struct offer (offers.h) by domain */
	struct carrier carrier; /* its clients, by number */
	struct map addresses;	/* struct address_count (guard.h) by IP */
	struct list deadlines;	/* clients that must authenticate soon, oldest first */
	struct list asking, unasked; /* struct sm (sm.h) with an <r/> to answer; to be sent one */
	uv_timer_t sm_timer;
	struct list unsent;	/* clients whose socket does not take all, longest first */
	uv_timer_t guard_timer;
	struct counter_source certificates;
	struct buf scratch;	/* an envelope, or a stanza for several clients */
};

int c2sd_open(struct daemon *d);
int c2sd_start(struct daemon *d);
int c2sd_reload(struct daemon *d, const struct conf *old);
void c2sd_stop(struct daemon *d);

/* Takes the settings of a configuration.  0 or BH_ECONFIG after daemon_fail(). */
int settings_read(struct daemon *d, struct c2sd_settings *out);
/* Loads the certificates that the configuration names. */
int settings_load_tls(struct daemon *d, struct tls_signer *signer, struct tls_store **out);

/* The last client is gone while stopping. */
void c2sd_emptied(struct c2sd *srv);

/* NULL while routerd is away. */
struct link *c2sd_link(const struct c2sd *srv);

extern const struct bus_handler c2sd_handlers[];

#endif
