/*
 * decimal - a number in decimal digits, and nothing else
 */
#ifndef BH_DECIMAL_H
#define BH_DECIMAL_H

#include "base/str.h"

/* 0 to most, in no more digits than that has.  false, and *out is as it was, for anything else. */
bool decimal_read(struct str text, uint64_t most, uint64_t *out);
/* The same up to 2^32-1. */
bool decimal_read_u32(struct str text, uint32_t *out);

#endif
