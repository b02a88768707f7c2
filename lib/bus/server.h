/*
 * server - routerd's side: one listening socket per role
 *
 * The sockets are made while still privileged (open), owned by the role's user with mode 0600
 * (ctl.sock and monitor.sock: 0660 and a group), so that the file system decides who may play
 * which role; the credentials of who connects must say the same; then each connection must open with a HELLO of this version and role.  An instance
 * name is its role's, or that with @ and more, and belongs to a live peer: a second HELLO for it is refused while the
 * first lives.
 *
 * A role has 256 links at most; of these a process has 16, or of administrators and those who watch a user 128
 * (party.h), and LINK_QUEUE_MAX bytes that it does not read, over all of its links; LINK_QUEUE_OWN of a link are its own.
 * Without a HELLO a link lasts 5 s.
 */
#ifndef BH_BUS_SERVER_H
#define BH_BUS_SERVER_H

#include <sys/types.h>

#include "base/digest.h"
#include "bus/link.h"

struct bus_server;

/* A peer that said HELLO: what routerd knows of a process.  To get rid of it:
 * link_close_after_write(peer->link, why), and on_gone comes; never link_close(). */
struct bus_peer {
	struct link *link;
	unsigned role;
	struct bus_id boot;
	char instance[65];
	char software[65];
	pid_t pid;
	uid_t uid;
	uint64_t since_ms;   /* clock_ms() at HELLO */
	uint64_t started_ms; /* and when the process began, as it says */
	uint8_t configuration[DIGEST_SHA256_SIZE]; /* of what it runs on, as it says; zeros: it said nothing */
	void *data;        /* routerd's own */
};

struct bus_server_spec {
	uv_loop_t *loop;
	struct bus_id boot;
	const struct bus_handler *handlers; /* event->owner is the struct bus_peer */
	void *owner;
	void (*on_peer)(void *owner, struct bus_peer *peer);
	/* The peer object is freed after this call. */
	void (*on_gone)(void *owner, struct bus_peer *peer, const char *why);
	void (*on_held)(struct bus_peer *peer, uint64_t upto);
	void (*on_room)(struct bus_peer *peer); /* as in link.h */
	/* A connection that did not get as far as a peer; for one line in the log. */
	void (*on_refused)(void *owner, unsigned role, pid_t pid, const char *why);
};

/* Who may connect for a role; uid or gid (uid_t)-1 leaves that as it is. */
struct bus_socket_owner {
	unsigned role;
	uid_t uid;
	gid_t gid;
	mode_t mode;
};

struct bus_socket_owners {
	const struct bus_socket_owner *list;
	size_t n;
};

/* Binds <run_dir>/<socket> for each of the owners; a stale socket is replaced.
 * On an error *what names the path. */
int bus_server_open(const char *run_dir, const struct bus_socket_owners *owners,
	struct bus_server **out, char *what, size_t what_size);
int bus_server_start(struct bus_server *server, const struct bus_server_spec *spec);
/* routerd ends: the peers are told so.  on_gone is called for each living one before it returns. */
void bus_server_stop(struct bus_server **server, void (*done)(void *), void *arg);

/* Walks the peers of a set of roles: start with NULL. */
struct bus_peer *bus_server_next(struct bus_server *server, unsigned roles, struct bus_peer *after);
/* The daemon of that name, or NULL.  Administrators call themselves as they like: they are found by nobody. */
struct bus_peer *bus_server_find(struct bus_server *server, struct str instance);

#endif
