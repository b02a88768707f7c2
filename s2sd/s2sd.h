/*
 * s2sd - what all of s2sd shares, and the daemon's life
 *
 * A front end for remote servers.  Two kinds of things stand in its carrier (lib/carry):
 *
 *   a stream (peer.h)  is a TCP connection from or to a remote server; once its peer has proved a domain, it is a
 *                      session in routerd, on which the peer's stanzas come in;
 *   a way (way.h)      is what goes from one of our domains to a remote one: a session that routerd asked for by
 *                      REACH, whose stanzas are written to a stream, and kept until they are done.
 *
 * Whom a domain of ours talks to, and how that one has to prove who it is, is the configuration's (policy.h); that no
 * remote speaks for a domain of ours, and none for one that it has not proved, is also held by routerd.
 */
#ifndef S2SD_S2SD_H
#define S2SD_S2SD_H

#include <stdint.h>
#include <uv.h>

#include "base/list.h"
#include "base/map.h"
#include "bus/client.h"
#include "carry/carrier.h"
#include "daemon/daemon.h"
#include "dns/resolver.h"
#include "front/certificates.h"
#include "front/ports.h"
#include "net/gate.h"
#include "net/stream.h"
#include "xmpp/reader.h"

enum { SECRET_SIZE = 32 };

struct s2sd_settings {
	struct reader_limits before, after; /* authentication */
	unsigned connect_timeout_ms, auth_timeout_ms, idle_timeout_ms, write_timeout_ms, retry_ms;
	unsigned connections;
	struct gate_limits gate;
	unsigned verifications, verifications_per_address;
	bool bidi;
};

struct s2sd {
	struct daemon *daemon;
	struct stream_hub *hub;
	struct certificates certificates;
	struct reader_pool *parsers;
	struct resolver *resolver;
	struct ports ports;
	bool accepting, stopping, draining;
	struct s2sd_settings settings;
	struct map policies;	/* struct policy (policy.h) by domain of ours */
	struct carrier carrier; /* peers and ways, by number */
	struct map ways;	/* struct way by pair */
	struct list peers;	/* struct peer: all */
	struct list trials;	/* struct trial (trial.c) */
	unsigned nconnected;	/* of these, those that connected to us */
	struct map failures;	/* struct failure (failure.h) by remote domain */
	struct list strangers;	/* of these, struct peer that have proved nothing, oldest first */
	struct gate gate;	/* how many there are, and how many strangers */
	struct crowd asking;	/* dialback keys that are asked about (verify.h), by the address that gave them, */
	unsigned nasking;	/* and all of them */
	uv_timer_t guard_timer;
	uint8_t secret[SECRET_SIZE], former_secret[SECRET_SIZE]; /* for dialback (dialback.h) */
	bool secret_known;
	struct buf scratch;
};

int s2sd_open(struct daemon *d);
int s2sd_start(struct daemon *d);
int s2sd_prepare(struct daemon *d, void **prepared);
void s2sd_adopt(struct daemon *d, void *prepared);
void s2sd_discard(struct daemon *d, void *prepared);
bool s2sd_ask_reload(struct daemon *d);
void s2sd_stop(struct daemon *d);

/* Takes the settings of a configuration. */
void settings_read(struct daemon *d, struct s2sd_settings *out);

/* The last of the carrier's things is gone: while stopping, the rest follows. */
void s2sd_emptied(struct s2sd *srv);

/* NULL while routerd is away. */
struct link *s2sd_link(const struct s2sd *srv);
/* It is there, and knows of all that had a session before: urgent messages do not overtake those. */
bool s2sd_router_ready(const struct s2sd *srv);

extern const struct bus_handler s2sd_handlers[];

/* What stands in the carrier begins with this. */
enum thing { THING_PEER, THING_WAY };

struct carrying {
	struct carried carried;
	enum thing thing;
	struct s2sd *srv;
};

extern const struct carrier_spec s2sd_carrier;

#endif
