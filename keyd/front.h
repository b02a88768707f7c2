/*
 * front - one front end that keyd signs for
 *
 * One question is read at a time, answered, and only then is the next read, so nothing queues here: what
 * waits is in the socket, which is bounded, and front ends have their turns one after the other.  One that asks
 * more than its share, or does not take its answers, is not read for that long; the others do not notice.
 *
 * A front end is a process: when one connects again, its former connection ends.
 */
#ifndef KEYD_FRONT_H
#define KEYD_FRONT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include "base/list.h"
#include "key/frame.h"
#include "keyd/bucket.h"

struct keyd;

struct front_counts {
	uint64_t signatures, refused, delayed;
};

struct front {
	struct list link; /* in keyd->fronts */
	struct keyd *keyd;
	uv_poll_t poll;
	int fd, events; /* that it polls for */
	pid_t pid;
	uid_t uid;
	enum key_role role; /* 0 before HELLO */
	bool administrator; /* it has asked for the log's level, and can nothing else */
	struct ring *ring;  /* whose keys it uses */
	struct ring *listed; /* whose list it is being told, and how many it has been */
	size_t told;
	struct bucket bucket;
	bool delayed; /* has used up its share */
	bool waited;  /* for its share, before what is read just now */
	struct front_counts counts; /* since they were logged */
	size_t answer_len; /* of the answer that the socket did not take */
	uint8_t answer[64 + TLS_SIGNATURE_MAX];
};

/* A connection, as it was accepted. */
void front_accept(struct keyd *keyd, int fd);
/* There are new keys, or a bucket may have filled. */
void fronts_tell_keys(struct keyd *keyd);
void fronts_continue(struct keyd *keyd);
/* A line in the log of what each has asked since the last. */
void fronts_log_counts(struct keyd *keyd);
void fronts_close(struct keyd *keyd);

#endif
