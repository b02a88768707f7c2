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
#include "front/certificates.h"
#include "front/ports.h"
#include "net/address.h"
#include "net/gate.h"
#include "net/stream.h"
#include "xmpp/reader.h"

enum { PROXIES_MAX = 32 };

/* How a connection begins. */
enum c2sd_entry { ENTRY_STARTTLS, ENTRY_TLS, ENTRY_COMPONENT };

struct c2sd_settings {
	struct reader_limits before, after; /* authentication */
	struct network proxies[PROXIES_MAX];
	unsigned nproxies;
	unsigned auth_timeout_ms, write_timeout_ms;
	unsigned auth_attempts;
	unsigned connections;
	struct gate_limits gate;
	bool tls_required;
	bool legacy_auth, registration;
	const char *resume_location; /* of the configuration, or NULL */
};

struct c2sd {
	struct daemon *daemon;
	struct stream_hub *hub;
	struct certificates certificates;
	struct reader_pool *parsers;
	struct ports ports;
	bool accepting;
	bool stopping;
	bool draining; /* those that can resume elsewhere are sent on, some a second */
	struct c2sd_settings settings;
	struct map offers;	/* struct offer (offers.h) by domain */
	struct carrier carrier; /* its clients, by number */
	struct gate gate;	/* how many clients there are, and how many of them have not logged in */
	struct list deadlines;	/* clients that must authenticate soon, oldest first */
	struct list asking, unasked; /* struct sm (sm.h) with an <r/> to answer; to be sent one */
	uv_timer_t sm_timer;
	struct list unsent;	/* clients whose socket does not take all, longest first */
	uv_timer_t guard_timer;
	struct counter_source expiries; /* of certificates (monitor.h) */
	struct buf scratch;	/* an envelope, or a stanza for several clients */
};

int c2sd_open(struct daemon *d);
int c2sd_start(struct daemon *d);
int c2sd_prepare(struct daemon *d, void **prepared);
void c2sd_adopt(struct daemon *d, void *prepared);
void c2sd_discard(struct daemon *d, void *prepared);
bool c2sd_ask_reload(struct daemon *d);
void c2sd_stop(struct daemon *d);

/* Takes the settings of a configuration.  0 or BH_ECONFIG after daemon_fail(). */
int settings_read(struct daemon *d, struct c2sd_settings *out);

/* The last client is gone while stopping. */
void c2sd_emptied(struct c2sd *srv);

/* NULL while routerd is away. */
struct link *c2sd_link(const struct c2sd *srv);

extern const struct bus_handler c2sd_handlers[];

#endif
