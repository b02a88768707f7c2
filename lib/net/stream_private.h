/*
 * stream_private - what the files of the stream share; lib/net only
 *
 * stream.c        opening, TLS, what callers ask
 * stream_read.c   from the socket through PROXY and TLS to on_data
 * stream_answers.c  what the peer does not take of our answers
 * stream_write.c  from the output buffer through TLS to the socket
 * stream_close.c  the ways out
 * stream_hub.c    shared buffers, and the turn
 */
#ifndef BH_STREAM_PRIVATE_H
#define BH_STREAM_PRIVATE_H

#include "base/buf.h"
#include "base/list.h"
#include "net/proxy.h"
#include "net/stream.h"
#include "net/tls_session.h"

enum {
	STREAM_READ_SIZE = 64 * 1024,
	/* Before the bytes read there is room for what was held back of the read before: a part
	 * of a record or of a PROXY header. */
	STREAM_HEADROOM = TLS_RECORD_MAX,
	STREAM_PLAIN_SIZE = 2 * TLS_PLAIN_MAX,
	/* As much is encrypted and offered to the kernel at a time. */
	STREAM_CHUNK = 4 * TLS_PLAIN_MAX,
};
_Static_assert((int)STREAM_HEADROOM >= (int)PROXY_HEADER_MAX, "a PROXY header fits");

/* Plaintext on its way out.  Bytes before head are sent already. */
struct stream_out {
	struct buf buf;
	size_t head;
	struct stream_out *next; /* in the hub's pool */
};

struct stream_hub {
	uv_loop_t *loop;
	uv_prepare_t prepare;
	uv_check_t check;
	void (*flushed)(void *owner); /* or NULL */
	void *flushed_owner;
	uv_idle_t idle;	  /* active while turn is not empty */
	struct list turn; /* streams with something to do at the end of the turn */
	struct tls_io io; /* of the stream that is served just now */
	struct stream_out *pool;
	unsigned pooled;
	struct buf sink; /* what is written to closed streams */
	size_t streams;	 /* not yet freed */
	unsigned handles;
	bool stopping;
	void (*done)(void *);
	void *arg;
	uint8_t plain[STREAM_PLAIN_SIZE];
	uint8_t read[STREAM_HEADROOM + STREAM_READ_SIZE];
};

/* What only a stream on its way out needs. */
struct stream_closing {
	uv_timer_t timer;
	uv_shutdown_t shutdown;
	bool timed; /* timer runs: the stream may linger */
	char why[120];
};

struct stream {
	uv_tcp_t tcp;
	struct stream_hub *hub;
	const struct stream_handlers *handlers;
	void *owner;
	struct list turn; /* in hub->turn */
	struct tls_session *tls;
	struct stream_out *out; /* NULL while nothing waits */
	struct stream_closing *closing;
	uint8_t *held; /* received, not yet processed */
	size_t held_len;
	uint64_t taken;	  /* plaintext bytes that left the output buffer */
	uint64_t sent;	  /* and those that the kernel took */
	uint64_t wait_at; /* on_sent is due when sent gets here */
	/* Bytes written in on_data: before answers_until (an offset as sent is), of which not all is sent; since then. */
	uint64_t answers_until, answers_before, answers_since;
	struct address peer;
	uint16_t writes;  /* uv_writes under way */
	uint8_t handles;  /* not yet closed */
	bool proxy : 1;	  /* a PROXY header is expected */
	bool secure : 1;  /* the handshake is complete */
	bool broken : 1;  /* TLS has failed: nothing more can be sent */
	bool ticket : 1;  /* a session ticket is due */
	bool greeting : 1; /* the client side of TLS has not begun yet */
	bool waiting : 1; /* for on_sent */
	bool paused : 1;
	bool choked : 1;  /* not read until the peer takes what it is answered */
	bool resumed : 1; /* what is held is used, and reading starts again, at the end of the turn */
	bool eof : 1;
	bool goodbye : 1; /* said */
	bool closed : 1;  /* handles are closing */
	bool silent : 1;  /* never opened: the owner hears nothing */
};

/* Its handshake can go on; for struct tls_io. */
void stream_wake(void *stream);
/* The stream gets its turn at the end of this turn of the loop. */
void stream_schedule(struct stream *s);
/* After the last stream of a hub that stops. */
void stream_hub_check(struct stream_hub *hub);
struct stream_out *stream_hub_take_out(struct stream_hub *hub);
void stream_hub_give_out(struct stream_hub *hub, struct stream_out **out);

/* on_data.  It may choke the stream. */
void stream_give(struct stream *s, const uint8_t *p, size_t n);
/* Something was sent: a choked stream may be read again. */
void stream_answers_taken(struct stream *s);

void stream_read_start(struct stream *s);
/* The first words of the client side of TLS. */
void stream_greet(struct stream *s);
/* Processes what was held back, and reads again. */
void stream_read_resume(struct stream *s);

/* Sends from the output buffer what can go now.  force: also behind a write under way. */
void stream_flush(struct stream *s, bool force);
/* Sends what TLS has put into the hub's io.out. */
void stream_send_wire(struct stream *s);
bool stream_has_output(const struct stream *s);

/* Begins to close, as the owner wished (why NULL) or for that reason. */
void stream_begin_close(struct stream *s, const char *why, unsigned linger_ms);
/* Closes at once. */
void stream_fail(struct stream *s, const char *why);
/* The reason for a libuv error, as a phrase. */
void stream_fail_code(struct stream *s, int rc);
/* Goes on with closing as far as it can. */
void stream_finish(struct stream *s);
/* Closes the handles. */
void stream_abandon(struct stream *s);

#endif
