/* Handshakes that wait: for input, for a stack, for a signature. */
#include "net/tls_handshake.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"

/* Records in a row that carry no data (key updates, warnings, empty ones). */
enum { BARREN_MAX = 32 };

/* Each takes about a tenth of a millisecond: so much of a turn may go by before everybody else is served. */
enum { STEPS_PER_TURN = 4 };

bool tls_bear(uint8_t *barren, int event)
{
	if (event == GNUTLS_E_REHANDSHAKE || gnutls_error_is_fatal(event))
		return false;
	return ++*barren <= BARREN_MAX;
}

struct tls_handshake *tls_handshake_create(gnutls_session_t tls, struct tls_io *io, void *owner)
{
	struct tls_handshake *hs = bh_alloc(sizeof *hs);

	hs->tls = tls;
	hs->io = io;
	hs->owner = owner;
	list_init(&hs->waiting);
	return hs;
}

static void shake(void *arg)
{
	struct tls_handshake *hs = arg;

	while ((hs->result = gnutls_handshake(hs->tls)) < 0) {
		if (hs->result == GNUTLS_E_AGAIN && hs->io->in == hs->io->end)
			return;
		if (!tls_bear(&hs->barren, hs->result))
			return;
	}
}

/* Whoever waits longest may go on. */
static void wake_next(struct tls_io *io)
{
	struct tls_handshake *hs;

	if (list_empty(&io->waiting))
		return;
	hs = container_of(io->waiting.next, struct tls_handshake, waiting);
	list_remove(&hs->waiting);
	hs->called = true;
	io->wake(hs->owner);
}

void tls_handshake_turn(struct tls_io *io)
{
	io->begun = 0;
	for (int i = 0; i < STEPS_PER_TURN && !coroutine_pool_full(io->stacks); i++)
		wake_next(io);
}

bool tls_handshake_due(const struct tls_io *io)
{
	return !list_empty(&io->waiting) && !coroutine_pool_full(io->stacks);
}

/* In the order in which they came; one that was called, and found its stack taken, is the first again. */
static int wait_for_stack(struct tls_handshake *hs)
{
	if (hs->called)
		list_prepend(&hs->io->waiting, &hs->waiting);
	else
		list_append(&hs->io->waiting, &hs->waiting);
	hs->called = false;
	return BH_EAGAIN;
}

/* The peer can do little with half a flight: it would cost a packet and a wake-up more. */
static void keep_output(struct tls_handshake *hs)
{
	buf_put(&hs->said, hs->io->out.data, hs->io->out.len);
	hs->io->out.failed = hs->io->out.failed || buf_failed(&hs->said);
	hs->io->out.len = 0;
}

static void bring_back_output(struct tls_handshake *hs)
{
	buf_put(&hs->io->out, hs->said.data, hs->said.len);
	buf_fini(&hs->said);
}

static int enter(struct tls_handshake *hs)
{
	if (hs->stack != NULL) {
		bring_back_output(hs);
		return coroutine_resume(&hs->stack);
	}
	if (hs->io->begun == STEPS_PER_TURN || (!hs->called && !list_empty(&hs->io->waiting)))
		return BH_EBUSY;
	hs->io->begun++;
	return coroutine_start(hs->io->stacks, shake, hs, &hs->stack);
}

/* 0 when shake() has returned, or BH_EAGAIN. */
static int go_on(struct tls_handshake *hs)
{
	int rc;

	if (hs->stack == NULL && hs->asked) {
		shake(hs);
		return 0;
	}
	rc = enter(hs);
	if (rc == BH_EBUSY)
		return wait_for_stack(hs);
	hs->called = false;
	if (rc == BH_EAGAIN) {
		keep_output(hs);
		return rc;
	}
	if (rc == BH_ENOMEM)
		hs->result = GNUTLS_E_MEMORY_ERROR;
	wake_next(hs->io);
	return 0;
}

int tls_handshake_step(struct tls_handshake *hs)
{
	if (tls_handshake_waits(hs) || go_on(hs) == BH_EAGAIN)
		return BH_EAGAIN;
	if (hs->result == GNUTLS_E_AGAIN && hs->io->in == hs->io->end)
		return BH_EAGAIN;
	return hs->result < 0 ? BH_EPROTO : 0;
}

bool tls_handshake_waits(const struct tls_handshake *hs)
{
	return hs->asking || !list_empty(&hs->waiting);
}

/* The input and output that all sessions share may be in use for another one just now. */
void tls_handshake_cancel(struct tls_handshake *hs)
{
	struct tls_io *io = hs->io, saved = *io;

	list_remove(&hs->waiting);
	if (hs->called)
		wake_next(io);
	hs->called = false;
	if (hs->stack == NULL)
		return;
	if (hs->asking)
		hs->signer->forget(hs->signer, &hs->signing);
	hs->asking = false;
	hs->verdict = BH_ECLOSED;
	buf_fini(&hs->said);
	io->in = io->end = NULL;
	io->out = BUF_INIT;
	while (coroutine_resume(&hs->stack) != 0)
		;
	buf_fini(&io->out);
	io->in = saved.in;
	io->end = saved.end;
	io->out = saved.out;
	wake_next(io);
}

void tls_handshake_free(struct tls_handshake **handshake)
{
	struct tls_handshake *hs = *handshake;

	*handshake = NULL;
	if (hs == NULL)
		return;
	tls_handshake_cancel(hs);
	free(hs);
}
