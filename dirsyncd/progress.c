/* Out of the news, whatever they are about. */
#include "dirsyncd/progress.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "directory/stamp.h"

static void set(char **text, struct str to)
{
	free(*text);
	*text = to.p != NULL ? bh_strndup(to.p, to.len) : NULL;
}

static bool on_server(struct progress *p, const struct news *n)
{
	bool same = p->server != NULL && str_is(n->text, p->server) && p->polls == n->polls;

	set(&p->server, n->text);
	p->polls = n->polls;
	return !same;
}

/* Rounds of a poll are not worth to be shown. */
static bool on_begin(struct progress *p, const struct news *n)
{
	if (!n->whole && p->state == PROGRESS_POLLING)
		return false;
	p->state = PROGRESS_READING;
	return false;
}

static bool on_change(struct progress *p, const struct news *n)
{
	(void)n;
	if (p->state != PROGRESS_READING)
		p->changed = clock_wall();
	return false;
}

static bool on_refreshed(struct progress *p, const struct news *n)
{
	(void)n;
	p->state = p->polls ? PROGRESS_POLLING : PROGRESS_FOLLOWING;
	p->up_to_ms = clock_ms();
	p->lag_ms = 0;
	set(&p->why, STR_NONE);
	return false;
}

/* OpenLDAP's cookies end with the times of the last changes: "rid=000,csn=20261128074914.123456Z#..." */
static bool on_cookie(struct progress *p, const struct news *n)
{
	const char *at = n->text.len > 0 ? memmem(n->text.p, n->text.len, "csn=", 4) : NULL;
	int64_t then = 0, now = (int64_t)clock_wall_us();

	if (p->state == PROGRESS_FOLLOWING && at != NULL &&
		stamp_parse(str_make(at + 4, n->text.p + n->text.len - at - 4), &then) && now > then)
		p->lag_ms = (uint64_t)(now - then) / 1000;
	return false;
}

static bool on_lost(struct progress *p, const struct news *n)
{
	bool first = p->why == NULL;

	if (p->state == PROGRESS_FOLLOWING)
		p->up_to_ms = clock_ms();
	p->state = PROGRESS_LOST;
	set(&p->why, n->text);
	return first;
}

bool progress_news(struct progress *p, const struct news *n)
{
	static bool (*const handlers[])(struct progress *p, const struct news *n) = {
		[NEWS_SERVER] = on_server, [NEWS_BEGIN] = on_begin, [NEWS_ENTRY] = on_change,
		[NEWS_GONE] = on_change, [NEWS_REFRESHED] = on_refreshed, [NEWS_COOKIE] = on_cookie,
		[NEWS_LOST] = on_lost, [NEWS_PRESENT] = NULL,
	};

	return handlers[n->kind] != NULL && handlers[n->kind](p, n);
}

const char *progress_state(const struct progress *p)
{
	static const char *const names[] = {
		[PROGRESS_READING] = "reading", [PROGRESS_FOLLOWING] = "following",
		[PROGRESS_POLLING] = "polling", [PROGRESS_LOST] = "lost",
	};

	return names[p->state];
}

uint64_t progress_lag(const struct progress *p)
{
	if (p->state == PROGRESS_FOLLOWING || p->up_to_ms == 0)
		return p->lag_ms;
	return clock_ms() - p->up_to_ms;
}

void progress_fini(struct progress *p)
{
	free(p->server);
	free(p->why);
}
