/*
 * dial - a TCP connection to a server of a remote domain
 *
 * Its servers (lib/dns) are tried in their order, and the addresses of each as RFC 8305 says: IPv6 and IPv4 by turns, the
 * next one after 250 ms or when one has failed.  The first that is there is handed over, when it is known, too, what the
 * DNS says of the server's certificate, if its name itself comes from validated answers (DANE).  Whoever finds that it is
 * no good asks for the next; when there is none, dialling has failed.
 */
#ifndef S2SD_DIAL_H
#define S2SD_DIAL_H

#include "dns/servers.h"
#include "s2sd/s2sd.h"

struct dial;

struct dial_handlers {
	/* The stream is the owner's, who gives it handlers at once (stream_hand_over).  dane: what the DNS says of the
	 * server's certificate, where it says anything (NULL), the owner's too. */
	void (*connected)(void *owner, struct stream *stream, const struct server *target, struct dane *dane);
	/* There is no other; condition: enum stanza_error.  The dial stays to be freed. */
	void (*failed)(void *owner, unsigned condition, const char *why);
	/* Something was done or has happened: for `s2s test`. */
	void (*step)(void *owner, const char *text);
};

struct dial *dial_start(struct s2sd *srv, struct str domain, const struct dial_handlers *handlers, void *owner);
/* The stream that was handed over was no good, for that reason. */
void dial_next(struct dial *d, const char *why);
/* The same server once more. */
void dial_again(struct dial *d);
/* Nobody is called any more.  NULL is none. */
void dial_free(struct dial **dial);

#endif
