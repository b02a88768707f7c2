/* An outgoing stream that says what it does. */
#include "s2sd/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/exits.h"
#include "bus/ctl_answer.h"
#include "s2sd/outgoing.h"
#include "s2sd/policy.h"

struct trial {
	struct list link; /* in s2sd.trials */
	struct s2sd *srv;
	uint64_t subject, began;
	struct outgoing *outgoing;
};

static void drop(struct trial *t)
{
	list_remove(&t->link);
	outgoing_free(&t->outgoing);
	free(t);
}

static void row(const struct trial *t, const char *text)
{
	struct ctl_row row;

	ctl_row_begin(&row, s2sd_link(t->srv), t->subject);
	ctl_cell(&row, "%lu", (unsigned long)(clock_ms() - t->began));
	ctl_cell(&row, "%s", text);
	ctl_row_end(&row);
}

static void on_step(void *owner, const char *text)
{
	row(owner, text);
}

static void on_open(void *owner, struct peer *p)
{
	struct trial *t = owner;
	char text[256];

	snprintf(text, sizeof text, "It works: %s, over %s, from %.100s.",
		p->authenticated ? "by our certificate (EXTERNAL)" : "by dialback",
		stream_is_secure(p->stream) ? stream_tls_description(p->stream) : "no TLS", p->local);
	row(t, text);
	ctl_end(s2sd_link(t->srv), t->subject, EXIT_OK, "%s", "");
	drop(t);
}

/* What to do about a reason. */
static const char *advice_for(const char *why)
{
	static const struct {
		const char *part, *advice;
	} table[] = {
		{"connection refused", "Is the server running there?  Ask who runs it."},
		{"timed out", "A firewall may be in between, theirs or ours, or the server is down."},
		{"no address", "The DNS has no address for the server's name: that is for who runs the domain."},
		{"no XMPP server", "Who runs the domain has said so in the DNS."},
		{"no such name", "Is the domain spelt right?"},
		{"expired", "Who runs the server must renew it."},
		{"self-signed", "Who runs the server needs one of an authority; or set s2sd.ca, or s2s = dialback."},
		{"chain is incomplete", "Who runs the server must put its issuer's certificate behind it."},
		{"no authority", "Set s2sd.ca to that authority's certificate, if you trust it."},
		{"does not name", "The server shows the certificate of another domain."},
		{"dialback key", "The remote asks the server that the DNS names for our domain: check our SRV records."},
		{"offers no TLS", "Set s2s = dialback for our domain if you want to talk to it all the same."},
		{"not-authorized", "The remote does not believe us: look at its log."},
	};

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (strstr(why, table[i].part) != NULL)
			return table[i].advice;
	return "";
}

static void on_ended(void *owner, unsigned condition, const char *why)
{
	struct trial *t = owner;
	const char *advice = advice_for(why);

	ctl_end(s2sd_link(t->srv), t->subject, EXIT_FAILED, "%s (%s).%s%s", why, stanza_error_name(condition),
		*advice != '\0' ? "  " : "", advice);
	drop(t);
}

static const struct outgoing_handlers handlers = {.open = on_open, .ended = on_ended, .step = on_step};

static const struct policy *any_policy(const struct s2sd *srv)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &srv->policies);
	while ((n = map_walk_next(&walk)) != NULL) {
		const struct policy *p = container_of(n, struct policy, node);

		if (p->kind != POLICY_OFF && p->certificate)
			return p;
	}
	return NULL;
}

void trial_start(struct s2sd *srv, uint64_t subject, struct str local, struct str remote)
{
	const struct policy *policy = local.p != NULL ? policy_of(srv, local) : any_policy(srv);
	struct link *link = s2sd_link(srv);
	struct outgoing_wish wish;
	struct trial *t;
	char *name;

	if (policy == NULL) {
		ctl_end(link, subject, EXIT_NOT_FOUND, "that domain is none of ours that talks to others (s2s = off)");
		return;
	}
	t = bh_alloc(sizeof *t);
	t->srv = srv;
	t->subject = subject;
	t->began = clock_ms();
	list_append(&srv->trials, &t->link);
	ctl_columns(link, subject, "ms step");
	name = bh_strndup(remote.p, remote.len);
	wish = (struct outgoing_wish){.local = policy->domain, .remote = name};
	t->outgoing = outgoing_start(srv, &wish, &handlers, t);
	free(name);
}

void trials_drop(struct s2sd *srv)
{
	while (!list_empty(&srv->trials))
		drop(container_of(srv->trials.next, struct trial, link));
}
