/*
 * writer - the thread that writes the account store
 *
 * Takes what was submitted in order, in groups of 256 or what comes within 5 ms, one transaction
 * each, and gives every item back on the loop once its group is committed.
 */
#ifndef AUTHD_WRITER_H
#define AUTHD_WRITER_H

#include "authd/accounts_sqlite.h"

struct writer;

struct writer_spec {
	uv_loop_t *loop;
	struct account_db *db; /* the writer's own from now on */
	/* The item is the owner's again, with its rc. */
	void (*on_done)(void *owner, struct account_write *item);
	/* A group failed; why is a phrase for the log. */
	void (*on_error)(void *owner, const char *why);
	void *owner;
};

int writer_start(const struct writer_spec *spec, struct writer **out);
void writer_submit(struct writer *w, struct account_write *item);
/* Commits all that was submitted and gives it back (before this returns); done is called when
 * the handles are closed too. */
void writer_stop(struct writer **w, void (*done)(void *), void *arg);

#endif
