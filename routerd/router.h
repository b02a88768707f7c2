/*
 * router - what all of routerd shares
 *
 * One struct router holds the tables: the peers on the bus, the accounts that somebody is
 * logged in to, and the domains that are ours.  Everything runs on one loop.
 */
#ifndef ROUTERD_ROUTER_H
#define ROUTERD_ROUTER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/list.h"
#include "base/map.h"
#include "bus/server.h"
#include "daemon/daemon.h"

struct conversations;
struct requests;
struct mechanisms;

struct router {
	struct daemon *daemon;
	struct bus_server *server;
	struct bus_id boot;
	uint64_t started_ms;
	struct map domains;   /* struct domain (domains.h) by name */
	struct map accounts;  /* struct account by bare JID */
	struct map sessions;  /* struct session by id */
	struct conversations *conversations;
	struct requests *requests;
	struct mechanisms *mechanisms;
	struct list unsafe_told; /* struct origin with progress that its front end has not heard of */
	uv_check_t turn_end;
	uint32_t session_queue; /* limits of the configuration, bytes and numbers */
	uint32_t session_stanzas;
	uint32_t session_credit;
	uint32_t link_credit;
	uint32_t sessions_per_account;
};

#endif
