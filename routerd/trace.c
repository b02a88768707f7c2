/* Rows for administrators who watch. */
#include "routerd/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/exits.h"
#include "bus/ctl_answer.h"
#include "bus/textlist.h"
#include "daemon/log.h"
#include "routerd/custody.h"
#include "routerd/front.h"
#include "routerd/route.h"
#include "routerd/session.h"
#include "xmpp/redact.h"

enum {
	TRACES_MAX = 8,
	QUEUE_MAX = 1024 * 1024, /* what may wait for one administrator */
	STANZA_MAX = 32 * 1024,	 /* longer ones are cut: a row has 64 KiB */
};

struct trace {
	struct trace *next;
	struct bus_peer *asker;
	uint64_t subject;
	struct jid about; /* of text; without a local part it is a domain */
	bool bodies;
	uint64_t lost, lost_in_all;
	char text[JID_MAX + 1];
};

/* What is to be shown. */
struct seen {
	const struct session *session;
	const char *direction;
	struct stanza stanza; /* with from */
	struct str additions;
};

/* ---- beginning and end --------------------------------------------------------------------- */

static unsigned count(const struct router *r)
{
	unsigned n = 0;

	for (const struct trace *t = r->traces; t != NULL; t = t->next)
		n++;
	return n;
}

/* Who asks, by the kernel's word. */
static void tell(const struct trace *t)
{
	pid_t pid;
	uid_t uid;

	link_credentials(t->asker->link, &pid, &uid);
	if (t->bodies)
		log_audit("trace", "uid=%ld pid=%ld about=%s bodies=yes", (long)uid, (long)pid, LOG_TEXT(t->text));
	else
		log_info("trace", "uid=%ld pid=%ld about=%s bodies=no", (long)uid, (long)pid, LOG_TEXT(t->text));
}

/* 0, or -1 after an END that says what is wrong. */
static int take_arguments(struct trace *t, const struct relay_ask *ask)
{
	struct str args = ask->args, arg, address = STR_NONE;

	while (textlist_take(&args, &arg))
		if (str_is(arg, "--bodies"))
			t->bodies = true;
		else
			address = arg;
	if (jid_prepare(address, t->text, &t->about) == 0)
		return 0;
	ctl_end(ask->asker->link, ask->subject, EXIT_USAGE, "\"%.*s\" is no address and no domain", STR_FMT(address));
	return -1;
}

void trace_begin(struct router *r, const struct relay_ask *ask)
{
	struct trace *t;

	if (count(r) == TRACES_MAX) {
		ctl_end(ask->asker->link, ask->subject, EXIT_TEMPORARY, "there are %d traces already", TRACES_MAX);
		return;
	}
	t = bh_alloc(sizeof *t);
	t->asker = ask->asker;
	t->subject = ask->subject;
	if (take_arguments(t, ask) != 0) {
		free(t);
		return;
	}
	t->next = r->traces;
	r->traces = t;
	tell(t);
	ctl_columns(ask->asker->link, ask->subject, "time direction connection session stanza lost");
}

void trace_gone(struct router *r, const struct bus_peer *peer)
{
	struct trace **at = &r->traces, *t;

	while ((t = *at) != NULL) {
		if (t->asker != peer) {
			at = &t->next;
			continue;
		}
		*at = t->next;
		log_info("trace-ended", "pid=%ld about=%s lost=%lu", (long)peer->pid, LOG_TEXT(t->text),
			(unsigned long)t->lost_in_all);
		free(t);
	}
}

/* ---- whom it is about ----------------------------------------------------------------------- */

static bool is_about(const struct trace *t, struct str address)
{
	struct jid jid;

	if (address.len == 0)
		return false;
	jid_split(address, &jid);
	if (t->about.resource.p != NULL)
		return str_eq(jid.full, t->about.full);
	return str_eq(t->about.local.p != NULL ? jid.bare : jid.domain, t->about.bare);
}

static bool matches(const struct trace *t, const struct seen *seen)
{
	return is_about(t, seen->stanza.from) || is_about(t, seen->stanza.to) ||
	       (seen->session->pair == NULL && is_about(t, seen->session->jid.full));
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* Cut between two characters. */
static void cut(struct buf *text)
{
	if (text->len <= STANZA_MAX)
		return;
	text->len = STANZA_MAX;
	while (text->len > 0 && ((uint8_t)text->data[text->len] & 0xc0) == 0x80)
		text->len--;
	buf_put_lit(text, "...");
}

static void put_time(struct ctl_row *row)
{
	uint64_t now = clock_wall_us();
	char stamp[CLOCK_STAMP_SIZE];

	clock_stamp((int64_t)(now / 1000000), stamp);
	ctl_cell(row, "%.19s.%03uZ", stamp, (unsigned)(now / 1000 % 1000));
}

static void put_stanza(struct ctl_row *row, const struct trace *t, const struct seen *seen)
{
	struct buf inner = BUF_INIT, text = BUF_INIT;
	struct stanza s = seen->stanza;

	redact_inner(&inner, s.inner, t->bodies);
	s.inner = buf_str(&inner);
	if (!t->bodies)
		s.attrs = STR_NONE;
	stanza_write(&text, &s, seen->additions, seen->session->pair == NULL ? seen->session->jid.full : STR_NONE);
	cut(&text);
	textlist_put(&row->values, buf_str(&text));
	buf_fini(&inner);
	buf_fini(&text);
}

static void show(struct trace *t, const struct seen *seen)
{
	const struct session *s = seen->session;
	struct ctl_row row;

	if (t->asker->link == NULL || link_queued(t->asker->link) > QUEUE_MAX) {
		t->lost++;
		t->lost_in_all++;
		return;
	}
	ctl_row_begin(&row, t->asker->link, t->subject);
	put_time(&row);
	ctl_cell(&row, "%s", seen->direction);
	ctl_cell(&row, "%s", s->connection != NULL ? connection_name(s->connection) : "-");
	ctl_cell(&row, "%s", s->text);
	put_stanza(&row, t, seen);
	ctl_cell(&row, "%lu", (unsigned long)t->lost);
	ctl_row_end(&row);
	t->lost = 0;
}

static void show_all(const struct seen *seen)
{
	for (struct trace *t = seen->session->origin->router->traces; t != NULL; t = t->next)
		if (matches(t, seen))
			show(t, seen);
}

void trace_show_in(const struct session *s, const struct transit *t)
{
	struct seen seen = {.session = s, .direction = "in", .stanza = t->stanza};

	seen.stanza.from = t->from.full;
	show_all(&seen);
}

void trace_show_out(const struct session *s, const struct parcel *p)
{
	struct parcel_text text = parcel_text(p);
	struct seen seen = {.session = s, .direction = "out", .additions = text.additions};

	if (stanza_decode(text.envelope, &seen.stanza) != 0)
		return;
	seen.stanza.from = text.from;
	show_all(&seen);
}
