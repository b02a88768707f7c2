/* A list of listeners, from the settings that name them. */
#include "front/ports.h"

#include "base/err.h"
#include "daemon/log.h"

static int open_kind(struct ports *p, struct daemon *d, unsigned kind)
{
	const char *setting = p->kinds[kind].setting;
	char what[256];
	int rc;

	for (size_t i = 0; i < conf_list_size(d->conf, setting); i++) {
		struct port *port = &p->all[p->n];

		if (p->n == PORTS_MAX) {
			daemon_fail(d, "%s: more than %d addresses", setting, PORTS_MAX);
			return BH_ECONFIG;
		}
		*port = (struct port){.ports = p, .kind = kind};
		rc = listener_open(conf_list_item(d->conf, setting, i), &port->listener, what, sizeof what);
		if (rc != 0) {
			daemon_fail(d, "%s", what);
			return rc;
		}
		p->n++;
	}
	return 0;
}

int ports_open(struct ports *p, struct daemon *d, const struct port_kind *kinds)
{
	int rc = 0;

	p->kinds = kinds;
	for (unsigned kind = 0; rc == 0 && kinds[kind].setting != NULL; kind++)
		rc = open_kind(p, d, kind);
	return rc;
}

static void on_connection(void *owner, int fd)
{
	const struct port *port = owner;

	port->ports->on_accepted(port->ports->owner, fd, port->kind);
}

static void serve(struct port *port, uv_loop_t *loop)
{
	enum { BURST = 16 }; /* of a listener, in a turn of the loop */
	const struct port_kind *kind = &port->ports->kinds[port->kind];
	int rc = listener_start(port->listener, loop, BURST, on_connection, port);

	if (rc != 0)
		log_error("listen-failed", "address=%s reason=%s", listener_address(port->listener),
			LOG_TEXT(bh_strerror(rc)));
	else
		log_info("listening", "address=%s for=%s tls=%s", listener_address(port->listener), LOG_TEXT(kind->whom),
			LOG_TEXT(kind->tls));
}

void ports_serve(struct ports *p, uv_loop_t *loop, port_fn *on_accepted, void *owner)
{
	p->on_accepted = on_accepted;
	p->owner = owner;
	for (unsigned i = 0; i < p->n; i++)
		serve(&p->all[i], loop);
}

void ports_close(struct ports *p)
{
	while (p->n > 0)
		listener_close(&p->all[--p->n].listener);
}
