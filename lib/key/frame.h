/*
 * frame - what is said on key.sock, between a front end and keyd
 *
 * The socket is SOCK_SEQPACKET: a packet is a frame.  Each begins with the version and its type, a byte each; numbers are
 * big-endian.  A frame of another version, of a type that its sender may not send, or of another length than its type
 * has, costs the sender the connection.
 *
 *   HELLO   front end  what it signs for (enum key_role); the first, and once
 *   KEYS    keyd       the keys that there are, as their ids, in as many frames as it takes: the answer to HELLO, and
 *                      again whenever they change.  A list has a number (its generation); the last frame is marked.
 *                      One that begins before the end of another takes its place.
 *   USES    front end  from now on it shows certificates for the keys of that list only
 *   SIGN    front end  a signature, please (tls_signer.h): under a number of its own, which rises
 *   SIGNED  keyd       the answer, in the order of the questions
 *   LEVEL   root       how much keyd is to log (log.h), or KEY_LEVEL_ASKED; the only frame of a connection that is no
 *           keyd       front end's.  The answer is one, too: what the level is now
 *
 * The lists of before stay good while somebody uses them, and for KEY_GRACE_MS more, so that handshakes end.
 */
#ifndef BH_KEY_FRAME_H
#define BH_KEY_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/tls_signer.h"

#define KEY_SOCKET "key.sock"

enum {
	KEY_VERSION = 1,
	KEY_FRAME_MAX = 64 * 1024,
	KEY_IDS_MAX = 64, /* of one frame */
	KEY_GRACE_MS = 60 * 1000,
	KEY_LEVEL_ASKED = 255,
};

/* What a front end's handshakes are: with clients; or with servers, where it may be the TLS client, too. */
enum key_role { KEY_FOR_CLIENTS = 1, KEY_FOR_SERVERS = 2, KEY_ROLES };

enum key_type { KEY_HELLO = 1, KEY_KEYS, KEY_USES, KEY_SIGN, KEY_SIGNED, KEY_LEVEL };

enum key_verdict { KEY_DONE, KEY_UNKNOWN, KEY_REFUSED, KEY_FAILED, KEY_VERDICTS };

struct key_frame {
	uint8_t type;
	union {
		struct {
			uint8_t role;
		} hello;
		struct {
			uint64_t generation;
			bool last;
			const uint8_t *ids; /* n, one behind the other */
			size_t n;
		} keys;
		struct {
			uint64_t generation;
		} uses;
		struct {
			uint64_t number;
			uint16_t scheme;
			const uint8_t *key; /* TLS_KEY_ID_SIZE */
			const uint8_t *data;
			size_t len;
		} sign;
		struct {
			uint64_t number;
			uint8_t verdict;
			const uint8_t *signature;
			size_t len;
		} is_signed;
		struct {
			uint8_t level;
		} level;
	};
};

/* Reads a frame; what it points at is within p.  0, BH_EVERSION or BH_EPROTO. */
int key_frame_get(const uint8_t *p, size_t n, struct key_frame *out);
/* Writes one, which must be within the bounds above; its length, or 0 where it does not fit. */
size_t key_frame_put(const struct key_frame *frame, uint8_t *out, size_t size);

#endif
