/*
 * stream - a TCP connection, in the clear or under TLS
 *
 * A stream costs little while nothing happens: no input buffer is kept (all streams of a hub
 * share one), and an output buffer only while something waits to be written.  Writes collect
 * during a turn of the loop; at its end the hub turns them into as few TLS records and
 * system calls as possible, one write per stream.
 *
 * A peer that does not read what it is answered is not read either: while more than STREAM_ANSWERS_MAX bytes that were
 * written within on_data wait for it.  What is written at other times does not count: it has bounds of its own, and two
 * servers that have much to say to each other must not wait for each other.
 *
 * Callbacks come from the loop only.  Within a callback the stream may be closed; its memory
 * lives until on_closed, which is called exactly once, as the last.
 *
 * The process ignores SIGPIPE (lib/daemon sees to it).
 */
#ifndef BH_STREAM_H
#define BH_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/str.h"
#include "net/address.h"
#include "net/certificate.h"
#include "net/dane.h"
#include "net/tls.h"

enum { STREAM_ANSWERS_MAX = 256 * 1024 };

struct stream;
struct stream_hub;

struct stream_handlers {
	/* Decrypted bytes, valid during the call. */
	void (*on_data)(void *owner, const uint8_t *p, size_t n);
	/* The TLS handshake is complete. */
	void (*on_secure)(void *owner);
	/* All that was written so far is in the kernel's hands.  Called only after stream_wait_sent(). */
	void (*on_sent)(void *owner);
	/* The last call; why is NULL after stream_close() by ourselves, else a phrase: "closed by the
	 * peer", "connection reset by peer", "TLS: no shared cipher", ... */
	void (*on_closed)(void *owner, const char *why);
	/* The connection that stream_connect() asked for is there. */
	void (*on_connected)(void *owner);
};

/* Is that reason for on_closed() one of the peer's own?  It has left, and broke no rule. */
bool stream_peer_left(const char *why);

/* One per loop: the shared buffers, and the write at the end of each turn. */
int stream_hub_start(uv_loop_t *loop, struct stream_hub **out);
/* done comes when the last stream has closed, which is its owner's business. */
/* Calls flushed at the end of each turn of the loop, after the writes: what the streams have sent is known
 * then. */
void stream_hub_on_flushed(struct stream_hub *hub, void (*flushed)(void *owner), void *owner);
void stream_hub_stop(struct stream_hub **hub, void (*done)(void *), void *arg);

/* Takes over the descriptor (closed on failure).  Reading starts at once.  handlers is a static
 * table: it outlives the stream. */
int stream_open(struct stream_hub *hub, int fd, const struct stream_handlers *handlers, void *owner,
	struct stream **out);

/* Connects.  Either on_connected comes, or on_closed with the reason. */
int stream_connect(struct stream_hub *hub, const struct address *to, const struct stream_handlers *handlers,
	void *owner, struct stream **out);

/* Its calls go to somebody else from now on. */
void stream_hand_over(struct stream *s, const struct stream_handlers *handlers, void *owner);
/* Waits for a PROXY header before anything else; on_data begins behind it. */
void stream_expect_proxy(struct stream *s);

/* Queues bytes.  After stream_close() a no-op. */
void stream_write(struct stream *s, const void *p, size_t n);
/* The same in place: a buffer to append to now, before returning to the loop. */
struct buf *stream_output(struct stream *s);

/* The server side of TLS begins with the next byte that arrives.  Bytes that arrived behind
 * the request to start it are in the chunk that on_data has, which its callee drops (RFC 6120
 * 5.4.3.3); what was written before goes out in the clear first.  alpn: the protocol that a
 * client which sends ALPN must name ("xmpp-client"), or NULL. */
int stream_start_tls(struct stream *s, struct tls_store *store, const char *alpn);

/* The client side: it begins at the end of the turn. */
int stream_connect_tls(struct stream *s, struct tls_store *store, const struct tls_wish *wish);

/* No more reads from the socket, or reads again: back-pressure on this peer. */
void stream_pause(struct stream *s);
void stream_resume(struct stream *s);

/* Writes what is queued, says goodbye to TLS, closes; at the latest after linger_ms. */
void stream_close(struct stream *s, unsigned linger_ms);

/* The bytes accepted by stream_write() so far, and how many of those the kernel took. */
uint64_t stream_written(const struct stream *s);
uint64_t stream_sent(const struct stream *s);
/* The difference: what waits here for the peer. */
uint64_t stream_unsent(const struct stream *s);
/* Asks for one on_sent when sent has reached written. */
void stream_wait_sent(struct stream *s);

const struct address *stream_peer(const struct stream *s);
bool stream_is_secure(const struct stream *s);
/* tls-exporter channel binding (RFC 9266); false where there is none (no TLS; TLS 1.2 without
 * extended master secret). */
bool stream_exporter(const struct stream *s, uint8_t out[32]);
/* "TLS1.3 AES-256-GCM", or "" in the clear; static or owned by the stream. */
const char *stream_tls_description(const struct stream *s);
/* The server name that the client asked for by SNI; absent without. */
struct str stream_sni(const struct stream *s);
/* The peer's certificate is valid and is that XMPP domain's (tls_peer.h has the rules).  0, or BH_EDENIED with a
 * reason: "it has expired on 2026-01-01T00:00:00Z". */
int stream_check_certificate(const struct stream *s, struct str domain, char *why, size_t size);
/* It is what the DNS says of it, instead. */
int stream_check_dane(
	const struct stream *s, const struct dane *dane, struct str domain, char *why, size_t size);
/* The peer's certificate in a line, whatever it is worth; empty without. */
void stream_describe_certificate(const struct stream *s, char *out, size_t size);
/* A client's certificate, when it is verified; NULL without. */
const struct certificate *stream_certificate(const struct stream *s);

#endif
