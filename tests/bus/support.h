/*
 * support - a loop, links on socket pairs, and raw ends for the tests of the bus
 */
#ifndef BUS_TEST_SUPPORT_H
#define BUS_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <uv.h>

#include "base/buf.h"
#include "bus/link.h"

enum { MAX_SEEN = 64 };

/* One end of a pair: what its link's callbacks were told. */
struct end {
	struct link *link;
	uint16_t seen[MAX_SEEN]; /* types, in order */
	unsigned count;
	uint64_t last_subject;
	unsigned held_count;
	uint64_t held;
	bool closed;
	char why[400];
	int answer; /* what its handlers return */
	void (*on_frame)(struct end *end, const struct frame *frame);
};

extern uv_loop_t *loop;

/* Setup and teardown of every test: the loop must be empty at the end. */
int loop_setup(void **state);
int loop_teardown(void **state);

/* Runs the loop until the condition holds; a test that hangs is killed by an alarm. */
#define run_until(cond)                                                                            \
	do {                                                                                       \
		while (!(cond))                                                                    \
			uv_run(loop, UV_RUN_ONCE);                                                 \
	} while (0)
/* A few turns that do not wait: enough for what is under way between two links. */
void run_turns(unsigned n);

/* A handler for every type, which notes the frame in its struct end. */
extern struct bus_handler note_all[];

/* Opens a link of role self, whose peer is of role peer, on fd. */
void end_open(struct end *end, unsigned self, unsigned peer, int fd);
/* Two links that talk to each other. */
void pair_open(struct end *a, unsigned role_a, struct end *b, unsigned role_b);
/* A link, and the bare socket of its peer. */
int raw_open(struct end *end, unsigned self, unsigned peer);
void end_close(struct end *end);

void raw_write(int fd, const void *p, size_t n);
/* What is there now, appended. */
void raw_read(int fd, struct buf *in);

/* A frame with that header and body, whether the bus has such a one or not. */
void raw_frame(struct buf *out, uint16_t type, uint64_t seq, struct str body);

#endif
