/* Questions to the store, and their rows as answers. */
#include "dirsyncd/asked.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "bus/codes.h"
#include "bus/textlist.h"
#include "daemon/log.h"
#include "dirsyncd/data.h"
#include "dirsyncd/mirror.h"
#include "xmpp/fold.h"
#include "xmpp/jid.h"

enum { ROWS_MAX = 1000000 }; /* bytes of them in FOUND */

/* One that waits for the store. */
struct question {
	struct dirsyncd *owner;
	uint64_t number, link;
	uint32_t limit;
	char *domain;
};

static struct question *ask(struct dirsyncd *d, uint64_t number)
{
	struct question *q = bh_alloc(sizeof *q);

	q->owner = d;
	q->number = number;
	q->link = d->link_number;
	return q;
}

static void end(struct question *q)
{
	free(q->domain);
	free(q);
}

/* NULL: whoever asked is gone. */
static struct link *link_of(const struct question *q)
{
	return q->link == q->owner->link_number ? bus_client_link(q->owner->bus) : NULL;
}

static const char *directory_of(const struct mirror *m)
{
	return mirror_directory(m)->name;
}

/* Its section; there is one, since mirrors are made of them. */
static size_t section(const struct dirsyncd *d, const struct mirror *m)
{
	const struct conf *conf = d->daemon->conf;
	size_t i = 0;

	while (i + 1 < conf_directories(conf) && strcmp(conf_directory_name(conf, i), directory_of(m)) != 0)
		i++;
	return i;
}

static void note(int rc)
{
	if (rc != 0)
		log_error("store-failed", "reason=%s", LOG_TEXT(bh_strerror(rc)));
}

/* ---- profiles ------------------------------------------------------------------------------ */

static int send_profile(struct link *link, uint64_t number, enum found_state state, struct str xml)
{
	struct msg_profile m = {.state = (uint8_t)state, .xml = xml};

	return link != NULL ? LINK_SEND(link, PROFILE, profile, number, &m) : 0;
}

static void on_profile(void *arg, int rc, struct store_rows *rows)
{
	struct question *q = arg;
	bool there = rc == 0 && store_row(rows);
	struct str xml = there ? store_row_text(rows, 1) : STR_NONE;

	note(rc);
	if (rc != 0)
		(void)send_profile(link_of(q), q->number, FOUND_LATER, STR_NONE);
	else
		(void)send_profile(link_of(q), q->number, xml.len > 0 ? FOUND_THERE : FOUND_NOTHING, xml);
	end(q);
}

int asked_profile_get(const struct bus_event *event)
{
	struct dirsyncd *d = event->owner;
	uint64_t number = event->frame->subject;
	struct msg_profile_get get;
	struct mirror *m;
	struct store_tx *tx;
	struct jid jid;

	if (bus_get_profile_get(event->frame->body, &get) != 0 || jid_check(get.account, &jid) != 0 || jid.local.p == NULL)
		return BH_EPROTO;
	m = dirsyncd_mirror_of(d, jid.domain);
	if (m == NULL)
		return send_profile(event->link, number, FOUND_NOTHING, STR_NONE);
	if (!mirror_is_read(m))
		return send_profile(event->link, number, FOUND_LATER, STR_NONE);
	tx = store_begin(d->store);
	store_text(tx, str_of(directory_of(m)));
	store_text(tx, jid.local);
	store_do(tx, SQL_PROFILE_GET);
	store_ask(tx, on_profile, ask(d, number));
	return 0;
}

/* ---- searches ------------------------------------------------------------------------------ */

/* By the names of messages.def; the statement that begins with that one, by an index. */
static const struct {
	const char *name;
	unsigned statement;
} fields[] = {
	{"first", SQL_SEARCH_FIRST},
	{"last", SQL_SEARCH_LAST},
	{"nick", SQL_SEARCH_NICK},
	{"email", SQL_SEARCH_EMAIL},
	{"user", SQL_SEARCH_USER},
};
enum { FIELDS = sizeof fields / sizeof fields[0] };

static int send_found(struct link *link, uint64_t number, const struct msg_found *m)
{
	return link != NULL ? LINK_SEND(link, FOUND, found, number, m) : 0;
}

static void put_row(struct buf *out, const struct question *q, const struct store_rows *row)
{
	struct str local = store_row_text(row, 1);

	textlist_printf(out, "%.*s@%s", STR_FMT(local), q->domain);
	for (unsigned i = 2; i <= 5; i++)
		textlist_put(out, store_row_text(row, i));
}

static void on_found(void *arg, int rc, struct store_rows *rows)
{
	struct question *q = arg;
	struct buf list = BUF_INIT;
	struct msg_found m = {.state = rc == 0 ? FOUND_THERE : FOUND_LATER};
	size_t before = 0;

	note(rc);
	for (uint32_t n = 0; rc == 0 && m.more == 0 && store_row(rows); n++) {
		before = list.len;
		put_row(&list, q, rows);
		m.more = n == q->limit || list.len > ROWS_MAX;
	}
	if (m.more)
		list.len = before;
	m.rows = buf_str(&list);
	(void)send_found(link_of(q), q->number, &m);
	buf_fini(&list);
	end(q);
}

static int find_field(struct str name)
{
	for (int i = 0; i < FIELDS; i++)
		if (str_is(name, fields[i].name))
			return i;
	return -1;
}

/* How each field begins, folded; none of them: "". */
struct wanted {
	struct buf keys[FIELDS];
	bool nobody; /* what cannot be folded is nobody's */
};

/* false: it is no list of fields. */
static bool read_wanted(struct str list, struct wanted *w)
{
	struct str name, value;

	while (textlist_take(&list, &name)) {
		int i = find_field(name);

		if (i < 0 || !textlist_take(&list, &value))
			return false;
		buf_clear(&w->keys[i]);
		if (fold_text(&w->keys[i], value) != 0)
			w->nobody = true;
	}
	return list.len == 0;
}

/* The longest narrows most. */
static int leading(const struct wanted *w)
{
	int best = 0;

	for (int i = 1; i < FIELDS; i++)
		if (w->keys[i].len > w->keys[best].len)
			best = i;
	return best;
}

static uint32_t bounded(const struct dirsyncd *d, const struct mirror *m, uint32_t limit)
{
	uint32_t most = (uint32_t)conf_directory_number(d->daemon->conf, section(d, m), "search_results");

	return limit < most ? limit : most;
}

static void search(struct question *q, const struct mirror *m, const struct wanted *w)
{
	struct store_tx *tx = store_begin(q->owner->store);

	store_text(tx, str_of(directory_of(m)));
	for (int i = 0; i < FIELDS; i++)
		store_text(tx, buf_str(&w->keys[i]));
	store_int(tx, (int64_t)q->limit + 1);
	store_do(tx, fields[leading(w)].statement);
	store_ask(tx, on_found, q);
}

static int answer(const struct bus_event *event, const struct msg_search *s, const struct wanted *w)
{
	struct dirsyncd *d = event->owner;
	struct mirror *m = dirsyncd_mirror_of(d, s->domain);
	struct msg_found found = {.state = FOUND_NOTHING};
	struct question *q;

	if (m != NULL && conf_directory_bool(d->daemon->conf, section(d, m), "search"))
		found.state = mirror_is_read(m) ? FOUND_THERE : FOUND_LATER;
	if (found.state != FOUND_THERE || w->nobody || w->keys[leading(w)].len == 0)
		return send_found(event->link, event->frame->subject, &found);
	q = ask(d, event->frame->subject);
	q->limit = bounded(d, m, s->limit);
	q->domain = bh_strndup(s->domain.p, s->domain.len);
	search(q, m, w);
	return 0;
}

int asked_search(const struct bus_event *event)
{
	struct wanted w = {.nobody = false};
	struct msg_search s;
	int rc = BH_EPROTO;

	if (bus_get_search(event->frame->body, &s) == 0 && read_wanted(s.wanted, &w))
		rc = answer(event, &s, &w);
	for (int i = 0; i < FIELDS; i++)
		buf_fini(&w.keys[i]);
	return rc == 0 ? 0 : BH_EPROTO;
}
