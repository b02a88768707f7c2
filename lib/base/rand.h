/*
 * rand - random bytes, from getrandom(2) only
 */
#ifndef BH_RAND_H
#define BH_RAND_H

#include <stddef.h>
#include <stdint.h>

/* Fills n bytes; never fails (a kernel that cannot is a reason to end the process). */
void rand_bytes(void *out, size_t n);
uint64_t rand_u64(void);

/* Writes 2 * n lower-case hexadecimal digits of n random bytes and a NUL. */
void rand_hex(char *out, size_t n);

#endif
