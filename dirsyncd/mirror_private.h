/*
 * mirror_private - a mirror's inside: news (mirror.c), what becomes of accounts (fate.c), its rows (mirror_rows.c)
 */
#ifndef DIRSYNCD_MIRROR_PRIVATE_H
#define DIRSYNCD_MIRROR_PRIVATE_H

#include "dirsyncd/brake.h"
#include "dirsyncd/departed.h"
#include "dirsyncd/following.h"
#include "dirsyncd/known.h"
#include "dirsyncd/mirror.h"

struct mirror {
	struct dirsyncd *owner;
	struct directory *directory;
	struct following *following;
	struct person_source source;
	struct knowns knowns;
	struct mirror_watcher watcher;
	struct departures departures;
	struct brake brake;
	char **domains;
	size_t ndomains;
	bool refreshing; /* who vanishes is collected, and goes at its end */
	void (*done)(void *arg);
	void *done_arg;
};

/* Whoever watches hears whether that one may be used; it is no more. */
void mirror_tell(const struct mirror *m, struct known *k);
void mirror_tell_gone(const struct mirror *m, struct known *k);

/* These go into following_tx(). */
void mirror_write(struct mirror *m, const struct known *k);
void mirror_write_gone(struct mirror *m, const struct known *k);
void mirror_write_departed(struct mirror *m, const struct known *k, int64_t since);
void mirror_write_returned(struct mirror *m, const char *local);

/* One of the rows with which it begins. */
void mirror_take_row(struct mirror *m, const struct store_rows *row);

#endif
