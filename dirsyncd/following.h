/*
 * following - one part of a directory, as it is followed: what the mirror of its people (mirror.h) and its groups
 * (groups.h) do alike
 *
 * It stands between the follower (follower.h) and whoever keeps the entries: the keeper.  It reads what the store knows,
 * starts the follower, counts refreshes, takes notice of progress, writes all that a batch of news makes in one
 * transaction, and has everything read again where an entry is said to be there that the keeper does not know.
 *
 * Invariant: the cookie in the store is not ahead of the entries there, as it goes with the batch that it came in.  No hook
 * is called once following_stop() has been.
 *
 * It belongs to its keeper; what its spec points to outlives it.
 */
#ifndef DIRSYNCD_FOLLOWING_H
#define DIRSYNCD_FOLLOWING_H

#include "directory/directory.h"
#include "directory/dn.h"
#include "dirsyncd/dirsyncd.h"
#include "dirsyncd/follower.h"
#include "dirsyncd/progress.h"
#include "dirsyncd/reading.h"

struct following;

enum followed_part { FOLLOWED_PEOPLE, FOLLOWED_GROUPS };

/* What differs from part to part; never changes.  arg is the spec's. */
struct following_kind {
	enum followed_part part; /* by which its events in the log are called */
	/* Statements (data.h) that ask for what the store has of the directory; the cookie's is the last of them, its rows
	 * begin with cookie_row; cookie_put writes it. */
	unsigned questions[3];
	unsigned nquestions;
	int64_t cookie_row;
	unsigned cookie_put;
	/* A row of another question. */
	void (*row)(void *arg, const struct store_rows *row);
	/* There are no more rows, and the follower is about to start.  May be NULL. */
	void (*loaded)(void *arg);
	/* All has been read, once, by us or by one before us. */
	void (*read)(void *arg);
	/* A refresh begins; following_refresh() is its number.  May be NULL. */
	void (*begin)(void *arg);
	/* An entry is new, or may be otherwise than it was; the text is what the source has read of it. */
	void (*entry)(void *arg, const struct news *n);
	/* It is there as before.  false: the keeper does not know it, and should. */
	bool (*present)(void *arg, const uint8_t uuid[UUID_SIZE]);
	void (*gone)(void *arg, const uint8_t uuid[UUID_SIZE]);
	/* The refresh ends; whole: what it has not told of is gone; log: an operator wants to see it. */
	void (*refreshed)(void *arg, bool whole, bool log);
};

struct following_spec {
	struct dirsyncd *owner;
	struct directory *directory;
	const struct following_kind *kind;
	struct source source;
	const uint8_t *digest; /* of the source, DN_DIGEST_SIZE bytes: cookies that came with another one are void */
	void *arg;
};

struct following *following_create(const struct following_spec *spec);
/* Once: rows, then news. */
void following_load(struct following *f);
/* When its follower has ended it is freed, and done called; at once where nothing was loaded. */
void following_stop(struct following **f, void (*done)(void *arg), void *arg);

const struct progress *following_progress(const struct following *f);
unsigned following_refresh(const struct following *f);
/* Are all rows there, with which it began? */
bool following_is_loaded(const struct following *f);
bool following_is_read(const struct following *f);
/* What has been said in the log of its entries; those that go are forgotten. */
struct said *following_said(struct following *f);
/* It looks what has changed, now; anew: as if nothing were known.  Nothing before it is loaded. */
void following_again(struct following *f, bool anew);

/* The transaction that goes on with the next of these; it is committed after each batch of news, or by following_flush(). */
struct store_tx *following_tx(struct following *f);
/* The same, for a row that begins with the directory's name. */
struct store_tx *following_row(struct following *f);
void following_flush(struct following *f);

#endif
