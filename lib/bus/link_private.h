/*
 * link_private - a link from inside: shared by link.c, link_read.c, link_write.c, and the
 * greeting of client.c and server.c
 */
#ifndef BH_LINK_PRIVATE_H
#define BH_LINK_PRIVATE_H

#include "bus/link.h"
#include "bus/table.h"

enum link_state {
	LINK_OPEN,
	LINK_DRAINING, /* writes what is queued, then ends; takes and queues nothing more */
	LINK_CLOSING,  /* its handles are being closed */
};

/* One of the two queues.  Frames are added to `filling`; `active` is never changed while the
 * kernel or a uv_write may look at it.  Invariant: whenever no uv_write is under way, pos is
 * the start of a frame, so that an urgent frame never lands in the middle of another. */
struct link_queue {
	struct buf filling;
	struct buf active;
	size_t pos;  /* active: what is written */
	size_t edge; /* active: the first start (or last end) of a frame at or after pos */
	bool secret; /* some frame in it must be wiped */
};

/* Answers HELLO, WELCOME and REFUSE; 0, or negative to end the link. */
typedef int link_greet_fn(void *arg, const struct frame *frame);

struct link {
	struct link_spec spec;
	bus_handler_fn *handlers[BUS_MESSAGE_COUNT];
	void *event_owner; /* what handlers get */
	link_greet_fn *greet;
	void *greet_arg;
	bool greeted; /* frames other than the greeting are let through */

	uv_pipe_t pipe;
	uv_prepare_t prepare; /* writes at the end of the turn */
	uv_idle_t idle;       /* active while dirty: the loop must not sleep before a write */
	uv_timer_t deadline;  /* of draining */
	unsigned handles;
	enum link_state state;
	char why[400];
	void (*on_freed)(void *arg); /* after link_close_then() */
	void *freed_arg;
	pid_t pid;
	uid_t uid;

	uint8_t *in; /* bytes read and not yet dispatched */
	size_t in_len, in_cap;
	uint64_t got;       /* custody number of the last frame taken */
	uint64_t confirmed; /* of the last HELD sent */

	struct link_queue urgent, ordinary;
	struct buf staging; /* where a frame is made that the queue's realloc must not copy about */
	size_t queued;
	bool dirty;
	bool crowded; /* more than LINK_ROOM waits, or did in this turn */
	int write_error;
	uv_write_t request;
	struct link_queue *writing; /* the queue that request writes of, NULL: none under way */
	size_t writing_end;         /* how far into its active */
	uint64_t sent;              /* custody number of the last frame queued */
	uint64_t held;              /* of the last HELD received */
};

/* Ends the link; on_closed comes from the loop, later in this turn.  When it was draining,
 * the reason given then stays. */
void link_fail(struct link *link, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

int link_read_start(struct link *link);
void link_read_fini(struct link *link);

/* There is something to write: sees to it that this turn does. */
void link_dirty(struct link *link);
void link_flush(struct link *link);
void link_write_fini(struct link *link);

/* Until link_greeted(), only HELLO, WELCOME and REFUSE are let through, and these go to fn
 * for as long as the link lives.  event_owner is what handlers get for the link's owner. */
void link_greet(struct link *link, link_greet_fn *fn, void *arg, void *event_owner);
void link_greeted(struct link *link);
/* link_close(), and fn(arg) when the memory is gone. */
void link_close_then(struct link **link, void (*fn)(void *), void *arg);

#endif
