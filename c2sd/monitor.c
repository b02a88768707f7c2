/* When certificates expire, and who is connected. */
#include "c2sd/monitor.h"

#include "base/err.h"
#include "c2sd/client.h"
#include "daemon/association.h"
#include "daemon/counter.h"

static void put_certificates(void *arg, struct buf *out)
{
	const struct c2sd *srv = arg;
	const struct tls_store *tls = certificates_store(&srv->certificates);
	struct counter c = {.name = "certificate_expiry_timestamp_seconds", .kind = GAUGE_TIME,
		.about = "When the certificate of a domain expires"};

	for (size_t i = 0; i < tls_store_size(tls); i++) {
		int64_t expires = tls_store_expires(tls, i);

		c.value = expires > 0 ? (uint64_t)expires : 0;
		counter_put(out, &c, "domain", tls_store_name(tls, i));
	}
}

void monitor_start(struct c2sd *srv)
{
	srv->expiries = (struct counter_source){.look = put_certificates, .arg = srv};
	counter_enrol_source(&srv->expiries);
}

void monitor_stop(struct c2sd *srv)
{
	counter_forget_source(&srv->expiries);
}

static bool put_client(struct associations *all, const struct client *c)
{
	char ip[ADDRESS_TEXT_SIZE];

	if (c->stream == NULL || !c->counted)
		return true;
	address_text(stream_peer(c->stream), ip);
	return association_put(all, &(struct association){
		.id = c->carried.id, .way = ASSOCIATION_IN, .began_ms = c->began, .remote = str_of(ip)});
}

int on_associations_get(const struct bus_event *event)
{
	struct c2sd *srv = event->owner;
	struct msg_associations_get m;
	struct associations all = {BUF_INIT, 0};
	struct map_walk walk;
	struct map_node *n;

	if (bus_get_associations_get(event->frame->body, &m) != 0)
		return BH_EPROTO;
	map_walk_start(&walk, &srv->carrier.all);
	while ((n = map_walk_next(&walk)) != NULL)
		if (!put_client(&all, container_of(n, struct client, carried.node)))
			break;
	return associations_answer(event, &all);
}
