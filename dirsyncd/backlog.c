/* Bytes are counted from commit to callback. */
#include "dirsyncd/backlog.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "daemon/log.h"

struct written {
	struct backlog *backlog;
	size_t bytes;
};

void backlog_init(struct backlog *b)
{
	b->bytes = 0;
	list_init(&b->waiting);
}

/* What was not written is read again after the next start: its cookie was not written either. */
static void on_written(void *arg, int rc)
{
	struct written *w = arg;
	struct backlog *b = w->backlog;

	if (rc != 0)
		log_error("store-failed", "reason=%s", LOG_TEXT(bh_strerror(rc)));
	b->bytes -= w->bytes;
	free(w);
	while (b->bytes < BACKLOG_MAX && !list_empty(&b->waiting)) {
		struct backlog_waiter *waiter = container_of(b->waiting.next, struct backlog_waiter, link);

		list_remove(&waiter->link);
		waiter->go_on(waiter);
	}
}

void backlog_commit(struct backlog *b, struct store_tx *tx, size_t bytes)
{
	struct written *w = bh_alloc(sizeof *w);

	w->backlog = b;
	w->bytes = bytes;
	b->bytes += bytes;
	store_commit(tx, on_written, w);
}

bool backlog_wait(struct backlog *b, struct backlog_waiter *w)
{
	if (b->bytes < BACKLOG_MAX)
		return false;
	if (list_empty(&w->link))
		list_append(&b->waiting, &w->link);
	return true;
}
