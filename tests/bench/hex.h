/*
 * hex - numbers of a fixed width inside of what is sent, so that it needs no printf
 */
#ifndef BENCH_HEX_H
#define BENCH_HEX_H

#include <stdbool.h>
#include <stdint.h>

void hex_put(char *at, uint64_t value, unsigned digits);
bool hex_get(const char *at, unsigned digits, uint64_t *value);

#endif
