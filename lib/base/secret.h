/*
 * secret - what passwords and keys need: wiping and comparing without a trace
 */
#ifndef BH_SECRET_H
#define BH_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* Overwrites n bytes in a way that the compiler keeps. */
void secret_wipe(void *p, size_t n);

/* Compares n bytes in a time that does not depend on their content. */
bool secret_equal(const void *a, const void *b, size_t n);

#endif
