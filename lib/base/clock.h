/*
 * clock - monotonic and wall-clock time
 */
#ifndef BH_CLOCK_H
#define BH_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* Milliseconds of a clock that never goes back (CLOCK_MONOTONIC). */
uint64_t clock_ms(void);
uint64_t clock_ns(void);

/* Seconds since 1970-01-01 UTC. */
int64_t clock_wall(void);
/* The same in microseconds. */
uint64_t clock_wall_us(void);

/* XEP-0082 date and time in UTC, "2026-11-23T04:42:00Z", and a NUL. */
enum { CLOCK_STAMP_SIZE = 21 };
void clock_stamp(int64_t wall, char out[CLOCK_STAMP_SIZE]);

#endif
