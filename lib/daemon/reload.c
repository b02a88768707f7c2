/* Taking a new configuration, in two steps. */
#include "daemon/reload.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/list.h"
#include "bus/codes.h"
#include "bus/textlist.h"
#include "daemon/kerberos.h"
#include "daemon/private.h"

static struct life *life_of(const struct daemon *d)
{
	return container_of((struct daemon *)(uintptr_t)d, struct life, daemon);
}

/* ---- the first step ------------------------------------------------------------------------ */

/* What the sandbox was not made for, and cannot begin now; NULL where it fits. */
static const char *beyond_the_sandbox(const struct daemon *d, const struct conf *fresh)
{
	if (d->spec->sandbox->directories && conf_directories(d->conf) == 0 && conf_directories(fresh) > 0)
		return "the first directory";
	return kerberos_of_directories(d, fresh) && !kerberos_wanted(d, d->conf) ? "Kerberos" : NULL;
}

static int prepare_own(struct daemon *d, struct fresh *fresh)
{
	struct conf *old = d->conf;
	int rc;

	if (fresh->restart || d->spec->prepare == NULL)
		return 0;
	d->conf = fresh->conf;
	rc = d->spec->prepare(d, &fresh->prepared);
	d->conf = old;
	return rc;
}

int reload_prepare(struct daemon *d, const uint8_t *digest)
{
	struct life *life = life_of(d);
	struct fresh *fresh = &life->fresh;
	int rc;

	reload_discard(d);
	rc = load_configuration(life, &fresh->conf);
	if (rc != 0)
		return rc;
	if (digest != NULL && memcmp(digest, conf_digest(fresh->conf), DIGEST_SHA256_SIZE) != 0) {
		daemon_fail(d, "%s: it is not what routerd has read, but was changed since; reload it", life->args.config);
		rc = BH_ECONFIG;
	} else {
		fresh->restart = beyond_the_sandbox(d, fresh->conf) != NULL;
		rc = prepare_own(d, fresh);
	}
	if (rc != 0)
		conf_free(&fresh->conf);
	return rc;
}

const struct conf *reload_fresh(const struct daemon *d)
{
	return life_of(d)->fresh.conf;
}

const char *reload_why(const struct daemon *d)
{
	return life_of(d)->why;
}

/* ---- the second ---------------------------------------------------------------------------- */

void reload_adopt(struct daemon *d)
{
	struct life *life = life_of(d);
	struct fresh fresh = life->fresh;
	struct conf *old = d->conf;

	if (fresh.conf == NULL)
		return;
	if (fresh.restart) {
		life->fresh = (struct fresh){NULL};
		log_warn("restarting", "reason=%s", LOG_TEXT(beyond_the_sandbox(d, fresh.conf)));
		conf_free(&fresh.conf);
		daemon_restart(d);
		return;
	}
	notify_reloading();
	take_configuration(d, fresh.conf);
	if (d->spec->adopt != NULL)
		d->spec->adopt(d, fresh.prepared);
	life->fresh = (struct fresh){NULL};
	log_set_level(configured_level(d->conf));
	if (old != life->begun)
		conf_free(&old);
	log_info("reloaded", "file=%s", LOG_TEXT(life->args.config));
	notify_ready();
}

void reload_discard(struct daemon *d)
{
	struct fresh *fresh = &life_of(d)->fresh;

	if (fresh->conf != NULL && !fresh->restart && d->spec->discard != NULL)
		d->spec->discard(d, fresh->prepared);
	conf_free(&fresh->conf);
	*fresh = (struct fresh){NULL};
}

/* ---- what changes ---------------------------------------------------------------------------- */

void reload_row(struct buf *rows, const struct conf_change *change, const char *when, ...)
{
	char text[128];
	va_list ap;

	va_start(ap, when);
	vsnprintf(text, sizeof text, when, ap);
	va_end(ap);
	textlist_put(rows, str_of(change->name));
	textlist_put(rows, str_of(change->from));
	textlist_put(rows, str_of(change->to));
	textlist_put(rows, str_of(text));
}

struct telling {
	const struct daemon *daemon;
	struct buf *rows;
};

static void tell_applied(void *arg, const struct conf_change *change)
{
	const struct telling *t = arg;

	if (change->effect == CONF_ON_RELOAD)
		reload_row(t->rows, change, "applied");
}

static void tell_pending(void *arg, const struct conf_change *change)
{
	const struct telling *t = arg;

	if (change->effect == CONF_ON_RESTART)
		reload_row(t->rows, change, "needs a restart of %s", t->daemon->instance);
}

static void tell_restarted(void *arg, const struct conf_change *change)
{
	const struct telling *t = arg;

	if (change->effect != CONF_ON_RUN)
		reload_row(t->rows, change, "applied by a restart of %s", t->daemon->instance);
}

void reload_rows(const struct daemon *d, struct buf *rows)
{
	const struct life *life = life_of(d);
	const struct conf *fresh = life->fresh.conf;
	struct telling t = {d, rows};
	const char *what = beyond_the_sandbox(d, fresh);

	if (what != NULL) {
		reload_row(rows, &(struct conf_change){what, "", "added", CONF_ON_RELOAD},
			"applied by a restart of %s", d->instance);
		conf_compare(life->begun, fresh, d->spec->name, tell_restarted, &t);
		return;
	}
	conf_compare(d->conf, fresh, d->spec->name, tell_applied, &t);
	conf_compare(life->begun, fresh, d->spec->name, tell_pending, &t);
}

/* ---- on the bus ------------------------------------------------------------------------------ */

static int on_prepare(struct daemon *d, const struct msg_reload *m, struct msg_reload_state *answer, struct buf *rows)
{
	if (m->digest.len != DIGEST_SHA256_SIZE)
		return BH_EPROTO;
	answer->refused = reload_prepare(d, (const uint8_t *)m->digest.p) != 0;
	if (answer->refused) {
		answer->why = str_of(reload_why(d));
		return 0;
	}
	reload_rows(d, rows);
	answer->rows = buf_str(rows);
	return 0;
}

static int on_adopt(struct daemon *d, const struct msg_reload *m, struct msg_reload_state *answer, struct buf *rows)
{
	(void)m, (void)answer, (void)rows;
	reload_adopt(d);
	return 0;
}

static int on_discard(struct daemon *d, const struct msg_reload *m, struct msg_reload_state *answer, struct buf *rows)
{
	(void)m, (void)answer, (void)rows;
	reload_discard(d);
	return 0;
}

int daemon_on_reload(const struct bus_event *event)
{
	static int (*const steps[])(struct daemon *, const struct msg_reload *, struct msg_reload_state *, struct buf *) = {
		[RELOAD_PREPARE] = on_prepare, [RELOAD_ADOPT] = on_adopt, [RELOAD_DISCARD] = on_discard};
	struct msg_reload_state answer = {.why = STR_NONE};
	struct buf rows = BUF_INIT;
	struct daemon *d = daemon_of(event);
	struct msg_reload m;
	int rc;

	if (life_of(d)->stopping)
		return 0; /* half of it is gone; the end of the link is the answer */
	if (bus_get_reload(event->frame->body, &m) != 0 || m.step >= sizeof steps / sizeof steps[0] ||
		steps[m.step] == NULL)
		return BH_EPROTO;
	answer.step = m.step;
	rc = steps[m.step](d, &m, &answer, &rows);
	if (rc == 0 && m.step != RELOAD_DISCARD)
		(void)LINK_SEND(event->link, RELOAD_STATE, reload_state, event->frame->subject, &answer);
	buf_fini(&rows);
	return rc;
}

bool reload_ask(struct link *link)
{
	struct msg_reload_ask m = {};

	return link != NULL && LINK_SEND(link, RELOAD_ASK, reload_ask, 0, &m) == 0;
}

bool reload_leave_to_router(struct link *link)
{
	if (link != NULL)
		log_error("reload-refused", "reason=\"routerd leads it: ask that, or use bulkheadctl reload\"");
	return link != NULL;
}

void reload_asked(struct life *life)
{
	struct daemon *d = &life->daemon;

	if (life->stopping)
		return; /* who could be asked may be gone, and what could be changed, too */
	if (d->spec->ask_reload != NULL && d->spec->ask_reload(d))
		return;
	if (reload_prepare(d, NULL) == 0)
		reload_adopt(d);
	else
		log_error("reload-refused", "reason=%s", LOG_TEXT(life->why));
}
