/*
 * coroutine - a function that can wait in its middle
 *
 * For calls into a library that asks something in their middle and cannot be told to come again: the function runs
 * on a stack of its own, and waits there until the loop resumes it.  One runs at a time in a thread, and none
 * starts or resumes another.
 *
 * Stacks belong to a pool of bounded size.  Below each is a page that nothing may touch, so that a stack that is too
 * small ends the process instead of overwriting memory.  A coroutine that waits is never freed: it is resumed with
 * bad news, and so comes to its end.
 */
#ifndef BH_COROUTINE_H
#define BH_COROUTINE_H

#include <stdbool.h>
#include <stddef.h>

enum { COROUTINE_STACK = 64 * 1024 };

struct coroutine;
struct coroutine_pool;

/* Of at most max stacks; memory is taken when they are used, and kept for a few. */
struct coroutine_pool *coroutine_pool_create(unsigned max);
/* None of its coroutines may wait any more. */
void coroutine_pool_free(struct coroutine_pool **pool);

/* All its stacks are taken. */
bool coroutine_pool_full(const struct coroutine_pool *pool);

/* Runs fn(arg) until it returns: 0; or until it waits: BH_EAGAIN, and *out is the coroutine.  BH_EBUSY: all stacks are
 * taken; BH_ENOMEM. */
int coroutine_start(struct coroutine_pool *pool, void (*fn)(void *arg), void *arg, struct coroutine **out);
/* Lets it go on: 0, and *c is NULL, when it has returned; BH_EAGAIN when it waits again. */
int coroutine_resume(struct coroutine **c);

/* From within one: until it is resumed. */
void coroutine_wait(void);
/* The arg of the one that runs; NULL outside. */
void *coroutine_argument(void);

/* How many bytes of a stack were ever used at most, of the stacks that are kept and free. */
size_t coroutine_deepest(const struct coroutine_pool *pool);

#endif
