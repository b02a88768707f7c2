/*
 * router - what all of routerd shares
 *
 * One struct router holds the tables: the peers on the bus, the accounts that are in memory, and
 * the domains that are ours.  Everything runs on one loop; the store has a thread of its own.
 */
#ifndef ROUTERD_ROUTER_H
#define ROUTERD_ROUTER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/map.h"
#include "bus/server.h"
#include "daemon/daemon.h"
#include "store/store.h"

struct busy;
struct conversations;
struct custody_batch;
struct restoring;
struct requests;
struct instances;
struct mechanisms;
struct monitor;
struct registrations;
struct questions;
struct reload;
struct rules;
struct sharing;
struct trace;
struct watching;

/* Of the configuration: bytes, numbers, and times as their names say. */
struct router_limits {
	uint32_t session_queue, session_stanzas, session_credit, link_credit;
	uint32_t sessions_per_account;
	uint32_t c2s_connections, s2s_connections; /* of one process */
	uint32_t account_idle_ms, accounts_idle;
	uint32_t roster_contacts, roster_groups;
	uint32_t offline_messages, offline_expiry_s;
	uint32_t vcard, private_xml;
	uint32_t blocklist, directed_presence;
	uint32_t registrations_per_address;
	uint32_t resume_s, resume_sessions;
	uint32_t s2s_wait_s;
	bool registration, password_change;
};

/* Reading all queues takes the store's one thread: those who only look have it a fifth of the time (admin_queues.c). */
struct looks {
	bool open;
	uint64_t began_ms, next_ms; /* clock_ms() */
};

struct router {
	struct daemon *daemon;
	struct bus_server *server;
	struct store *store;
	struct bus_id boot;
	uint64_t started_ms;
	struct map domains;    /* struct domain (domains.h) by name */
	struct map components; /* struct component (component.h) by name */
	struct map pairs;      /* struct pair (abroad.c) by name */
	struct rules *rules;
	struct sharing *sharing;
	struct map accounts;   /* struct account by bare JID */
	struct map sessions;   /* struct session by id */
	struct list idle;      /* accounts that nobody needs, the longest idle first */
	uint32_t nidle;
	struct list unasked;   /* accounts that wait for an authd (account_load.c) */
	uint64_t authd_gone_ms; /* clock_ms() when the last one went, or routerd began without one */
	struct conversations *conversations;
	struct requests *requests;
	struct mechanisms *mechanisms;
	struct registrations *registrations;
	struct questions *questions;
	struct reload *reload;
	struct instances *instances;
	struct monitor *monitor;
	struct watching *watching;
	uint8_t dialback_secret[32];
	struct hash_key parcel_keys[2]; /* parcel_mac.h */
	struct origin *self;	 /* of what the server sends of its own accord */
	uint32_t expire_in;	       /* seconds to the next look at old offline messages */
	struct map accepted;	       /* struct entry (accepted.c) */
	struct list outbox;	       /* struct left (outbox.c): consequences of the run before */
	void (*outbox_done)(struct router *r);
	struct map ended;	       /* struct ended (ended.c) by session id, and in order */
	struct list ended_order;
	struct map revoked;	       /* struct revoked (revoked.c) by account, and in order */
	struct list revoked_order;
	unsigned c2s_bindings, s2s_bindings; /* under way (bind.c) */
	struct list killed;	       /* struct connection (front.h), the longest ago first */
	struct list asleep, unsealed;  /* struct session (hibernate.h) */
	struct list changed;	       /* struct session whose row is to be written */
	struct buf changed_by;	       /* struct cause: not safe before that */
	struct custody_batch *storing; /* rows that gather during a turn, or NULL */
	uint64_t batch_begun, batch_stored; /* their numbers */
	unsigned batches;	       /* of these on their way to the store */
	struct restoring *restoring;   /* restore.h */
	struct busy *busy_accounts, *busy_domains; /* who sends, and where it goes: of a sample */
	unsigned busy_skip;			   /* messages until the next of that */
	uint64_t busy_random;
	struct list unsafe_told; /* struct origin with progress that its front end has not heard of */
	struct trace *traces;	       /* trace.h: administrators who watch; mostly none */
	struct list endings;	       /* struct ending (ending.h) */
	bool ending;		       /* one of them is being worked on */
	bool loading; /* what the store holds of the run before: a stop waits for the end of that */
	bool stopping;
	struct looks looks;
	uv_check_t turn_end;
	uv_timer_t tick; /* once a second */
	struct router_limits limits;
	struct router_limits most; /* of credit, that was ever told: what is on its way may have been sent by it */
};

#endif
