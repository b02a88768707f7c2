/*
 * listener - a TCP port
 *
 * Opened while privileged (ports under 1024), served when confined.  SO_REUSEPORT is set, so
 * that several instances may share a port.
 */
#ifndef BH_LISTENER_H
#define BH_LISTENER_H

#include <uv.h>

struct listener;

/* "127.0.0.1:5222", "[::]:5222", "*:5222" (all addresses, both families).  On an error *what has
 * a sentence: "cannot listen on [::]:5222: address already in use".  0 or negative. */
int listener_open(const char *address, struct listener **out, char *what, size_t what_size);

/* Accepting begins; on_connection gets a descriptor that it owns.  At most `burst`
 * connections a turn of the loop, so that a crowd does not hold up those who are served. */
int listener_start(struct listener *listener, uv_loop_t *loop, unsigned burst,
	void (*on_connection)(void *owner, int fd), void *owner);

/* The port is closed at once (drain); memory goes with listener_close(). */
void listener_stop(struct listener *listener);
void listener_close(struct listener **listener);

/* The address as it is bound: "127.0.0.1:40123" for a port 0. */
const char *listener_address(const struct listener *listener);

#endif
