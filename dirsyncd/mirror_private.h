/*
 * mirror_private - a mirror's inside: news (mirror.c), what becomes of accounts (fate.c), its rows (mirror_rows.c)
 */
#ifndef DIRSYNCD_MIRROR_PRIVATE_H
#define DIRSYNCD_MIRROR_PRIVATE_H

#include "dirsyncd/brake.h"
#include "dirsyncd/departed.h"
#include "dirsyncd/follower.h"
#include "dirsyncd/known.h"
#include "dirsyncd/mirror.h"
#include "dirsyncd/progress.h"

struct mirror {
	struct dirsyncd *owner;
	struct directory *directory;
	struct follower *follower;
	struct person_source source;
	struct knowns knowns;
	struct said said; /* what is wrong with entries */
	struct mirror_watcher watcher;
	struct departures departures;
	struct brake brake;
	struct progress progress;
	char **domains;
	size_t ndomains;
	unsigned refresh;
	bool refreshing; /* who vanishes is collected, and goes at its end */
	bool strange;	 /* one is there that we do not know */
	bool loading, loaded; /* from the store */
	bool read;	      /* all of it, once */
	struct store_tx *tx;  /* of the batch of news; NULL: nothing to write */
	size_t bytes;	      /* of these news */
	void (*done)(void *arg);
	void *done_arg;
};

/* Whoever watches hears whether that one may be used; it is no more. */
void mirror_tell(const struct mirror *m, struct known *k);
void mirror_tell_gone(const struct mirror *m, struct known *k);

/* The transaction that goes on with the next of these; mirror_flush() commits it. */
struct store_tx *mirror_tx(struct mirror *m);
void mirror_flush(struct mirror *m);
void mirror_write(struct mirror *m, const struct known *k);
void mirror_write_gone(struct mirror *m, const struct known *k);
void mirror_write_cookie(struct mirror *m, struct str cookie);
void mirror_write_departed(struct mirror *m, const struct known *k, int64_t since);
void mirror_write_returned(struct mirror *m, const char *local);

/* Asks for all that the store knows; done gets it. */
void mirror_read(struct mirror *m, void (*done)(void *arg, int rc, struct store_rows *rows));
/* One row of it; the cookie, where it is that and means what we read; empty: of a directory that is polled. */
void mirror_take_row(struct mirror *m, const struct store_rows *row, struct str *cookie);

#endif
