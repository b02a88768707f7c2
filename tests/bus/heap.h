/*
 * heap - what the code under test does with the heap (linked with --wrap=malloc, ...)
 */
#ifndef BUS_TEST_HEAP_H
#define BUS_TEST_HEAP_H

#include <stdbool.h>
#include <stddef.h>

/* A password that the tests send; it stands in no other memory. */
#define HEAP_MARK "hunter2!"

bool heap_has_mark(const void *p, size_t n);

/* Counted since heap_watch(). */
struct heap_seen {
	size_t allocations;
	size_t leaks; /* blocks given back with the mark in them */
};
void heap_watch(void);
struct heap_seen heap_seen(void);

#endif
