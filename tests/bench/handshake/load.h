/*
 * load - clients that shake hands and go, so many at a time
 */
#ifndef BENCH_HANDSHAKE_LOAD_H
#define BENCH_HANDSHAKE_LOAD_H

#include <stdint.h>

/* Full handshakes with that port of 127.0.0.1 for so long.  How many were complete, or negative when one failed. */
long load_run(uint16_t port, const char *domain, unsigned at_a_time, double seconds);

#endif
