/* s2s list, show, close, test; dns flush; cert list; and the streams as SNMP has them. */
#include "s2sd/admin.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/exits.h"
#include "bus/ctl_answer.h"
#include "bus/ctl_verb.h"
#include "bus/textlist.h"
#include "daemon/association.h"
#include "key/used.h"
#include "s2sd/failure.h"
#include "s2sd/peer.h"
#include "s2sd/proof.h"
#include "s2sd/trial.h"
#include "s2sd/way.h"
#include "xmpp/jid.h"

static const char *text_of(const char *text)
{
	return text != NULL ? text : "-";
}

static const char *method_of(const struct peer *p)
{
	if (p->authenticated)
		return "EXTERNAL";
	return p->state == OUT_OPEN || p->bound ? "dialback" : "-";
}

static const char *state_of(const struct peer *p)
{
	if (p->state == PEER_CLOSING)
		return "closing";
	return p->state == OUT_OPEN || p->bound ? "open" : "negotiating";
}

static void put_seconds(struct ctl_row *row, uint64_t since)
{
	ctl_cell(row, "%lu", (unsigned long)((clock_ms() - since) / 1000));
}

/* What list and show have in common. */
static void put_pair(struct ctl_row *row, const struct peer *p, const char *local, const char *remote)
{
	ctl_cell(row, "%s", local);
	ctl_cell(row, "%s", remote);
	ctl_cell(row, "%s", p->bidi ? (p->ours ? "out+in" : "in+out") : p->ours ? "out" : "in");
	ctl_cell(row, "%s", p->carrying.srv->daemon->instance);
	ctl_cell(row, "%lu", (unsigned long)p->carrying.carried.id);
	ctl_cell(row, "%s", peer_address(p));
	ctl_cell(row, "%s", state_of(p));
	ctl_cell(row, "%s", method_of(p));
	ctl_cell(row, "%s", p->stream != NULL ? stream_tls_description(p->stream) : "");
}

static void put_rest(struct ctl_row *row, const struct peer *p)
{
	const struct carried *way = p->way != NULL ? &p->way->carrying.carried : NULL;
	char certificate[640] = "";

	if (p->stream != NULL)
		stream_describe_certificate(p->stream, certificate, sizeof certificate);
	put_seconds(row, p->began);
	put_seconds(row, p->moved);
	ctl_cell(row, "%lu", (unsigned long)p->carrying.carried.in_number);
	ctl_cell(row, "%lu", (unsigned long)(way != NULL ? way->out_number : 0));
	ctl_cell(row, "%lu", (unsigned long)(way != NULL ? way->out_number - way->out_done : 0));
	ctl_cell(row, "%s", certificate);
}

struct rows {
	const struct ctl_ask *q;
	struct str remote; /* these alone; absent: all */
	bool whole;
	unsigned n;
};

static void put_row(struct rows *r, const struct peer *p, const char *local, const char *remote)
{
	struct ctl_row row;

	if (r->remote.p != NULL && (remote == NULL || !str_is(r->remote, remote)))
		return;
	r->n++;
	ctl_row_begin(&row, r->q->link, r->q->subject);
	put_pair(&row, p, text_of(local), text_of(remote));
	if (r->whole)
		put_rest(&row, p);
	ctl_row_end(&row);
}

/* A row for each pair of a stream. */
static void put_peer(struct rows *r, const struct peer *p)
{
	if (list_empty(&p->proofs))
		put_row(r, p, p->local, p->remote);
	list_for_each(pos, &p->proofs) {
		const struct proof *proof = container_of(pos, struct proof, link);

		put_row(r, p, proof->local, proof->remote);
	}
}

/* What waits for a stream. */
static void put_waiting(struct rows *r, const struct way *w)
{
	struct ctl_row row;

	if (w->peer != NULL || (r->remote.p != NULL && !str_is(r->remote, w->remote)))
		return;
	r->n++;
	ctl_row_begin(&row, r->q->link, r->q->subject);
	ctl_cell(&row, "%s", w->local);
	ctl_cell(&row, "%s", w->remote);
	ctl_cell(&row, "out");
	ctl_cell(&row, "%s", w->carrying.srv->daemon->instance);
	ctl_cell(&row, "%lu", (unsigned long)w->carrying.carried.id);
	ctl_cell(&row, "-");
	ctl_cell(&row, "connecting");
	ctl_row_end(&row);
}

static void put_all(struct rows *r)
{
	const struct s2sd *srv = r->q->owner;
	struct map_walk walk;
	struct map_node *n;

	list_for_each(pos, &srv->peers)
		put_peer(r, container_of(pos, struct peer, link));
	map_walk_start(&walk, &srv->ways);
	while ((n = map_walk_next(&walk)) != NULL)
		put_waiting(r, container_of(n, struct way, node));
}

#define COLUMNS "local remote direction instance connection address state method tls"

static void list(const struct ctl_ask *q)
{
	struct rows r = {.q = q, .remote = STR_NONE};

	ctl_columns(q->link, q->subject, COLUMNS);
	put_all(&r);
	ctl_end(q->link, q->subject, EXIT_OK, "%s", "");
}

/* The first argument as a domain; an END has been sent when it is none. */
static int domain_argument(const struct ctl_ask *q, char text[JID_MAX + 1], struct jid *jid)
{
	struct str args = q->args, arg;

	if (textlist_take(&args, &arg) && jid_prepare(arg, text, jid) == 0 && jid->local.p == NULL &&
		jid->resource.p == NULL)
		return 0;
	ctl_end(q->link, q->subject, EXIT_USAGE, "that is no domain");
	return BH_EINVAL;
}

/* Nothing here may still be something at another s2sd. */
static void end(const struct rows *r, const char *done)
{
	const struct ctl_ask *q = r->q;

	if (r->n == 0)
		ctl_end(q->link, q->subject, EXIT_NOT_FOUND, "there is no stream with %.*s", STR_FMT(r->remote));
	else
		ctl_end(q->link, q->subject, EXIT_OK, "%s", done);
}

static void show(const struct ctl_ask *q)
{
	struct rows r = {.q = q, .whole = true};
	char text[JID_MAX + 1];
	struct jid jid;

	if (domain_argument(q, text, &jid) != 0)
		return;
	r.remote = jid.domain;
	ctl_columns(q->link, q->subject, COLUMNS " age idle received sent unfinished certificate");
	put_all(&r);
	end(&r, "");
}

static void close_streams(const struct ctl_ask *q)
{
	struct s2sd *srv = q->owner;
	struct rows r = {.q = q};
	char text[JID_MAX + 1];
	struct jid jid;

	if (domain_argument(q, text, &jid) != 0)
		return;
	r.remote = jid.domain;
	(void)failures_forget(srv, jid.domain);
	ctl_columns(q->link, q->subject, COLUMNS);
	put_all(&r);
	list_for_each_safe(pos, &srv->peers) {
		struct peer *p = container_of(pos, struct peer, link);

		if (p->remote != NULL && str_is(jid.domain, p->remote))
			peer_end(p, "closed by the administrator");
	}
	end(&r, "closed");
}

static void test(const struct ctl_ask *q)
{
	char local_text[JID_MAX + 1], text[JID_MAX + 1];
	struct str args = q->args, arg;
	struct jid jid, local = {.domain = STR_NONE};

	if (domain_argument(q, text, &jid) != 0)
		return;
	(void)textlist_take(&args, &arg);
	if (textlist_take(&args, &arg) && jid_prepare(arg, local_text, &local) != 0) {
		ctl_end(q->link, q->subject, EXIT_USAGE, "%.*s is no domain", STR_FMT(arg));
		return;
	}
	trial_start(q->owner, q->subject, local.domain, jid.domain);
}

/* The domain, where one is named, is dialled again with the next stanza. */
static void flush(const struct ctl_ask *q)
{
	struct s2sd *srv = q->owner;
	char text[JID_MAX + 1], what[256];
	struct jid jid = {.domain = STR_NONE};
	struct ctl_row row;

	if (q->args.len > 0 && domain_argument(q, text, &jid) != 0)
		return;
	if (resolver_flush(srv->resolver, what, sizeof what) != 0) {
		ctl_end(q->link, q->subject, EXIT_FAILED, "%s: nothing is forgotten: %s; a restart would begin anew",
			srv->daemon->instance, what);
		return;
	}
	ctl_columns(q->link, q->subject, "instance retries");
	ctl_row_begin(&row, q->link, q->subject);
	ctl_cell(&row, "%s", srv->daemon->instance);
	ctl_cell(&row, "%u", failures_forget(srv, jid.domain));
	ctl_row_end(&row);
	ctl_end(q->link, q->subject, EXIT_OK, "%s", "");
}

static void used(const struct ctl_ask *q)
{
	const struct s2sd *srv = q->owner;

	certificates_used(srv->certificates.keys, srv->daemon->instance, q->event);
}

int on_ctl_request(const struct bus_event *event)
{
	static const struct ctl_verb verbs[] = {
		{"s2s.list", list},
		{"s2s.show", show},
		{"s2s.close", close_streams},
		{"s2s.test", test},
		{"dns.flush", flush},
		{"cert.used", used},
		{NULL, NULL},
	};

	return ctl_run(event, verbs, "s2sd");
}

static bool put_association(struct associations *all, const struct peer *p)
{
	if (!p->counted && !p->opened)
		return true;
	return association_put(all, &(struct association){
		.id = p->carrying.carried.id,
		.way = p->ours ? ASSOCIATION_OUT : ASSOCIATION_IN,
		.began_ms = p->began,
		.remote = str_of(p->remote != NULL ? p->remote : peer_address(p)),
	});
}

int on_associations_get(const struct bus_event *event)
{
	const struct s2sd *srv = event->owner;
	struct msg_associations_get m;
	struct associations all = {BUF_INIT, 0};

	if (bus_get_associations_get(event->frame->body, &m) != 0)
		return BH_EPROTO;
	list_for_each(pos, &srv->peers)
		if (!put_association(&all, container_of(pos, struct peer, link)))
			break;
	return associations_answer(event, &all);
}
