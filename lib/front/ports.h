/*
 * ports - the ports of a front end: opened while privileged, served when it is ready for whom it lets in
 *
 * The front end has a table of kinds of ports, one for each setting that lists addresses, and embeds a struct ports.
 */
#ifndef FRONT_PORTS_H
#define FRONT_PORTS_H

#include "daemon/daemon.h"
#include "net/listener.h"

enum { PORTS_MAX = 16 };

struct port_kind {
	const char *setting; /* "c2sd.listen"; the table ends with NULL */
	const char *whom;    /* for the log: "clients", ... */
	const char *tls;     /* "starttls", "direct", "none" */
};

/* kind: the number in the table.  The descriptor is the callee's. */
typedef void port_fn(void *owner, int fd, unsigned kind);

struct port {
	const struct ports *ports;
	struct listener *listener;
	unsigned kind;
};

/* All zeros at first. */
struct ports {
	const struct port_kind *kinds;
	port_fn *on_accepted;
	void *owner;
	struct port all[PORTS_MAX];
	unsigned n;
};

/* 0, or BH_ECONFIG, BH_EINVAL or -errno after daemon_fail(): ports_close() closes those that were opened. */
int ports_open(struct ports *p, struct daemon *d, const struct port_kind *kinds);
/* Lets in, and logs where; a port that cannot be served is logged, and the others are. */
void ports_serve(struct ports *p, uv_loop_t *loop, port_fn *on_accepted, void *owner);
void ports_close(struct ports *p);

#endif
