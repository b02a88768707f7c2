/* A table with times. */
#include "s2sd/failure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/list.h"
#include "s2sd/s2sd.h"

static void drop(struct s2sd *srv, struct failure *f)
{
	map_remove(&srv->failures, &f->node);
	free(f->pair);
	free(f);
}

static void expire(struct s2sd *srv)
{
	uint64_t now = clock_ms();
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &srv->failures);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct failure *f = container_of(n, struct failure, node);

		if (f->until <= now || srv->failures.count >= FAILURES_MAX)
			drop(srv, f);
	}
}

void failure_note(struct s2sd *srv, const char *pair, unsigned condition, const char *why)
{
	struct failure *f;

	failure_forget(srv, pair);
	if (srv->settings.retry_ms == 0)
		return;
	if (srv->failures.count >= FAILURES_MAX)
		expire(srv);
	f = bh_alloc(sizeof *f);
	f->pair = bh_strdup(pair);
	f->until = clock_ms() + srv->settings.retry_ms;
	f->condition = condition;
	snprintf(f->why, sizeof f->why, "%s", why);
	if (map_add(&srv->failures, &f->node, f->pair, strlen(f->pair)) == 0)
		return;
	free(f->pair);
	free(f);
}

static struct failure *find(struct s2sd *srv, const char *pair)
{
	struct map_node *n = map_find(&srv->failures, pair, strlen(pair));

	return n != NULL ? container_of(n, struct failure, node) : NULL;
}

const struct failure *failure_find(struct s2sd *srv, const char *pair)
{
	struct failure *f = find(srv, pair);

	if (f == NULL || f->until > clock_ms())
		return f;
	drop(srv, f);
	return NULL;
}

void failure_forget(struct s2sd *srv, const char *pair)
{
	struct failure *f = find(srv, pair);

	if (f != NULL)
		drop(srv, f);
}

unsigned failures_forget(struct s2sd *srv, struct str remote)
{
	struct map_walk walk;
	struct map_node *n;
	unsigned gone = 0;

	map_walk_start(&walk, &srv->failures);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct failure *f = container_of(n, struct failure, node);

		if (remote.p != NULL && (strncmp(f->pair, remote.p, remote.len) != 0 || f->pair[remote.len] != '/'))
			continue;
		drop(srv, f);
		gone++;
	}
	return gone;
}

void failures_free(struct s2sd *srv)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &srv->failures);
	while ((n = map_walk_next(&walk)) != NULL)
		drop(srv, container_of(n, struct failure, node));
	map_fini(&srv->failures);
}
