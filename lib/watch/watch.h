/*
 * watch - a program that watches the suite: it has a link to routerd, and every second a new picture
 *
 * While routerd is away the last picture stays, with what is not known any more said so.  Nothing here waits for
 * anybody.
 */
#ifndef WATCH_WATCH_H
#define WATCH_WATCH_H

#include "daemon/daemon.h"
#include "watch/picture.h"

struct watch;

struct watch_spec {
	struct daemon *daemon;
	unsigned role;
	/* The picture is another. */
	void (*on_picture)(void *owner);
	/* routerd has gone, and why; NULL: it is there. */
	void (*on_router)(void *owner, const char *why);
	void *owner;
};

int watch_start(const struct watch_spec *spec, struct watch **out);
void watch_stop(struct watch **watch, void (*done)(void *), void *arg);

/* Whose connections are wanted, too; with those of clients every five seconds. */
void watch_set_wish(struct watch *watch, enum watch_wish wish);

/* Until the next on_picture(). */
const struct picture *watch_picture(const struct watch *watch);

#endif
