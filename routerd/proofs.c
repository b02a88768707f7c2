/* A short list of texts "remote/local". */
#include "routerd/proofs.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "bus/textlist.h"
#include "daemon/log.h"
#include "routerd/abroad.h"
#include "routerd/front.h"
#include "routerd/session.h"
#include "routerd/session_row.h"
#include "xmpp/error.h"
#include "xmpp/jid.h"

struct proofs {
	unsigned n;
	char *pairs[PROOFS_MAX];
};

struct proofs *proofs_create(void)
{
	return bh_alloc(sizeof(struct proofs));
}

struct proofs *proofs_copy(const struct proofs *p)
{
	struct proofs *copy = p != NULL ? proofs_create() : NULL;

	for (unsigned i = 0; p != NULL && i < p->n; i++)
		copy->pairs[copy->n++] = bh_strdup(p->pairs[i]);
	return copy;
}

void proofs_free(struct proofs **p)
{
	struct proofs *gone = *p;

	*p = NULL;
	if (gone == NULL)
		return;
	for (unsigned i = 0; i < gone->n; i++)
		free(gone->pairs[i]);
	free(gone);
}

bool proofs_have_pair(const struct proofs *p, const char *pair)
{
	for (unsigned i = 0; i < p->n; i++)
		if (strcmp(p->pairs[i], pair) == 0)
			return true;
	return false;
}

static int add(struct proofs *p, const char *pair)
{
	if (proofs_have_pair(p, pair))
		return 0;
	if (p->n == PROOFS_MAX)
		return BH_EBUSY;
	p->pairs[p->n++] = bh_strdup(pair);
	return 0;
}

int proofs_add(struct proofs *p, struct str local, struct str remote)
{
	char text[PAIR_TEXT_SIZE];

	return add(p, pair_text(local, remote, text));
}

bool proofs_have(const struct proofs *p, struct str local, struct str remote)
{
	char text[PAIR_TEXT_SIZE];

	return proofs_have_pair(p, pair_text(local, remote, text));
}

bool proofs_cover(const struct proofs *p, const struct proofs *other)
{
	for (unsigned i = 0; i < other->n; i++)
		if (!proofs_have_pair(p, other->pairs[i]))
			return false;
	return true;
}

bool proofs_all(const struct proofs *p, bool (*is)(void *arg, struct str local, struct str remote), void *arg)
{
	for (unsigned i = 0; i < p->n; i++) {
		struct jid pair;

		jid_split(str_of(p->pairs[i]), &pair);
		if (!is(arg, pair.resource, pair.domain))
			return false;
	}
	return true;
}

struct str proofs_first(const struct proofs *p)
{
	return str_of(p->pairs[0]);
}

void proofs_put(const struct proofs *p, struct buf *out)
{
	for (unsigned i = 0; i < p->n; i++)
		textlist_put(out, str_of(p->pairs[i]));
}

struct proofs *proofs_take(struct str text)
{
	struct proofs *p = proofs_create();
	char pair[PAIR_TEXT_SIZE];
	struct str one;

	while (textlist_take(&text, &one) && one.len < sizeof pair) {
		memcpy(pair, one.p, one.len);
		pair[one.len] = '\0';
		(void)add(p, pair);
	}
	if (p->n == 0 || text.len > 0)
		proofs_free(&p);
	return p;
}

/* 0, or why it may not speak for the pair. */
static unsigned judge(const struct front *front, const struct msg_prove *m)
{
	const struct router *r = front->router;
	struct jid local, remote;

	if (jid_check(m->local, &local) != 0 || jid_check(m->remote, &remote) != 0 ||
		!str_eq(local.domain, m->local) || !str_eq(remote.domain, m->remote))
		return STANZA_BAD_REQUEST;
	if (!abroad_is_ours(r, m->local))
		return STANZA_ITEM_NOT_FOUND;
	if (abroad_is_ours(r, m->remote) || !abroad_allowed(r, m->local, m->remote))
		return STANZA_NOT_ALLOWED;
	return 0;
}

static unsigned take(struct front *front, uint64_t id, const struct msg_prove *m)
{
	struct connection *c = front_connection(front, id);
	unsigned error = judge(front, m);

	if (error != 0)
		return error;
	if (c == NULL && front_has_room(front))
		c = front_add_connection(front, id);
	if (c == NULL)
		return STANZA_RESOURCE_CONSTRAINT;
	c->both |= m->both != 0;
	if (c->proofs == NULL)
		c->proofs = proofs_create();
	if (proofs_add(c->proofs, m->local, m->remote) != 0)
		return STANZA_RESOURCE_CONSTRAINT;
	if (c->session != NULL && c->session->proofs != NULL &&
		proofs_add(c->session->proofs, m->local, m->remote) == 0)
		session_changed(c->session, NULL);
	return 0;
}

int on_prove(const struct bus_event *event)
{
	struct front *front = front_of(event);
	struct msg_proven answer;
	struct msg_prove m;

	if (bus_get_prove(event->frame->body, &m) != 0)
		return BH_EPROTO;
	answer = (struct msg_proven){.local = m.local, .remote = m.remote,
		.condition = (uint16_t)take(front, event->frame->subject, &m)};
	log_info("proof-judged", "conn=%s/%lu local=%s remote=%s result=%s", front->peer->instance,
		(unsigned long)event->frame->subject, LOG_STR(m.local), LOG_STR(m.remote),
		answer.condition == 0 ? "accepted" : stanza_error_name(answer.condition));
	return LINK_SEND(event->link, PROVEN, proven, event->frame->subject, &answer);
}
