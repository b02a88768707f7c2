/*
 * fuzz - what the targets share
 *
 * A target is one function over any bytes.  clang makes a libFuzzer program of it; replay.c one that
 * runs given files, for the check.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What holds for every input. */
#define require(truth)                                                                             \
	do {                                                                                       \
		if (!(truth)) {                                                                    \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #truth);      \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* The first byte of the input, taken off it: what a target may choose by.  0 at its end. */
static inline uint8_t take_choice(struct str *in)
{
	if (in->len == 0)
		return 0;
	in->len--;
	return (uint8_t)*in->p++;
}

/* Up to the next NUL, which is taken too, or all of the rest. */
static inline struct str take_part(struct str *in)
{
	const char *nul = in->len > 0 ? memchr(in->p, '\0', in->len) : NULL;
	struct str part = nul != NULL ? str_make(in->p, (size_t)(nul - in->p)) : *in;
	uint32_t taken = part.len + (nul != NULL);

	*in = str_make(in->p + taken, in->len - taken);
	return part;
}

#endif
