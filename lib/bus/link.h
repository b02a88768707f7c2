/*
 * link - one side of a bus connection: batching, custody numbers, an urgent queue
 *
 * A link belongs to a loop.  Reading: whole frames are handed over one by one, checked
 * against messages.def (may this peer send it to us?) before they are decoded; a frame that
 * breaks a rule ends the link and nothing else.  Writing: LINK_SEND() appends to one of two
 * queues (urgent, ordinary); the end of the loop's turn writes both at once, urgent first,
 * so that a turn costs a peer one write.  Custody frames (BUS_CUSTODY) get the next link number
 * into their header; the receiver confirms with HELD{upto} at the end of its turn, by itself.
 *
 * A link is never left unread (custody.md, 8): there is no pause.  The queues are bounded by
 * what the users of the link may have under way; link_queued() tells, and above LINK_QUEUE_MAX
 * (link_spec.shared: of all links of its peer) the link is closed as broken.
 *
 * Secret messages are wiped in the read buffer when their handler returns and in the write
 * queue when they are written.
 */
#ifndef BH_LINK_H
#define BH_LINK_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "bus/bus.h"

/* Why a link ended whose other end was closed, as it may be. */
#define LINK_CLOSED_BY_PEER "closed by the peer"

#define LINK_QUEUE_MAX ((size_t)256 * 1024 * 1024)
/* So much may wait on a link, whatever waits on others of its peer. */
#define LINK_QUEUE_OWN ((size_t)1024 * 1024)
/* Who has much to say sends until so much waits, and goes on at on_room. */
#define LINK_ROOM ((size_t)1024 * 1024)

struct link;

/* One received frame, for its handler. */
struct bus_event {
	void *owner; /* the link's owner, as given at creation */
	struct link *link;
	const struct frame *frame;
};

/* 0, or BH_EPROTO to end the link (the handler has logged nothing; the link's owner is told).
 * A type without a handler is passed over, but for custody frames: nobody would hold them, so
 * they end the link. */
typedef int bus_handler_fn(const struct bus_event *event);

struct bus_handler {
	uint16_t type;
	bus_handler_fn *handle;
};

struct link_spec {
	uv_loop_t *loop;
	unsigned self, peer;		    /* roles: a server side sets peer from its socket */
	const struct bus_handler *handlers; /* ends with {0, NULL} */
	void *owner;
	/* Bytes that wait on all links of one peer, which add to it; NULL: this is the only one. */
	size_t *shared;
	/* HELD arrived; may be NULL. */
	void (*on_held)(void *owner, uint64_t upto);
	/* More than LINK_ROOM had waited, and no longer does; may be NULL. */
	void (*on_room)(void *owner);
	/* The link is gone and its memory too after this call; why is a phrase for the log:
	 * "closed by the peer", "frame of type 0x0105 is not allowed from c2sd", ... */
	void (*on_closed)(void *owner, const char *why);
};

/* Takes over the connected descriptor (and closes it on failure).  0 or negative. */
int link_open(const struct link_spec *spec, int fd, struct link **out);

/* Stops; on_closed is not called.  What was queued is written as far as the kernel takes it at
 * once.  *link is set to NULL. */
void link_close(struct link **link);

/* After the frames queued so far are written, or 5 s, closes and calls on_closed.  What still
 * arrives is thrown away. */
void link_close_after_write(struct link *link, const char *why);

/* Queues the frame that fn (one of bus_put_*) writes; used through LINK_SEND.  BH_ECLOSED: the
 * link is ending (on_closed comes later, never from within a put); BH_EDENIED: messages.def
 * does not let us send that to this peer. */
struct link_put {
	struct buf *out;
	uint16_t type;
	size_t start;
};
int link_put_begin(struct link *link, uint16_t type, struct link_put *put);
int link_put_end(struct link *link, struct link_put *put, int rc);

/* LINK_SEND(link, HELLO, hello, subject, &m): 0, or why it could not be queued. */
#define LINK_SEND(link, NAME, name, subject, m)                                                    \
	({                                                                                         \
		struct link_put put_;                                                              \
		int rc_ = link_put_begin((link), BUS_##NAME, &put_);                               \
		rc_ == 0 ? link_put_end((link), &put_, bus_put_##name(put_.out, (subject), (m))) : rc_; \
	})

/* The number that the last custody frame sent on this link got. */
uint64_t link_sent(const struct link *link);
/* Bytes waiting to be written. */
size_t link_queued(const struct link *link);
/* The peer's credentials (SO_PEERCRED). */
void link_credentials(const struct link *link, pid_t *pid, uid_t *uid);
uv_loop_t *link_loop(const struct link *link);

#endif
