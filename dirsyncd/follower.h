/*
 * follower - a thread that follows one part of a directory, and tells the loop
 *
 * By synchronisation (sync.h) or, where the directory cannot do that, by polling (poll.h): as directory.follow says.  It
 * connects again when the connection is lost, after a second, and goes on from the last cookie.
 */
#ifndef DIRSYNCD_FOLLOWER_H
#define DIRSYNCD_FOLLOWER_H

#include <uv.h>

#include "base/buf.h"
#include "directory/sync.h"
#include "dirsyncd/backlog.h"

struct follower;

enum news_kind {
	NEWS_SERVER,	/* we are connected; text is its URL; polls: it does not tell what changes */
	NEWS_BEGIN,	/* a refresh begins; whole: of everything */
	NEWS_ENTRY,
	NEWS_PRESENT,
	NEWS_GONE,
	NEWS_REFRESHED, /* whole: what was not told is gone */
	NEWS_COOKIE,
	NEWS_LOST, /* the connection; text says why */
};

/* What happened, in the order in which it did. */
struct news {
	enum news_kind kind;
	uint8_t uuid[UUID_SIZE];
	bool whole, polls;
	struct str text; /* what was read of the entry, the cookie, the URL, or why; borrowed */
};

/* The part that is followed.  Its texts live as long as the follower. */
struct source {
	const char *base, *filter;
	const char *const *attributes; /* NULL-terminated */
	/* What the loop is to know of an entry, in whatever form each() understands.  On the thread: it looks at nothing
	 * that changes. */
	void (*read)(const void *arg, const struct direntry *entry, struct buf *out);
	const void *arg;
};

typedef void news_fn(void *arg, const struct news *news);
struct follower_spec {
	struct directory *directory;
	struct source source;
	uv_loop_t *loop;
	news_fn *each;
	void (*batch)(void *arg); /* after each batch of them */
	struct backlog *backlog; /* while it is full there are no news */
	void *arg;
};
/* cookie: how far is known already; absent: nothing is. */
struct follower *follower_start(const struct follower_spec *spec, struct str cookie);
/* It looks what has changed, now; anew: as if nothing were known. */
void follower_again(struct follower *f, bool anew);
void follower_stop(struct follower **f, void (*done)(void *arg), void *arg);

#endif
