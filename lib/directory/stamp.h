/*
 * stamp - times as directories write them: GeneralizedTime (RFC 4517 3.3.13)
 */
#ifndef DIRECTORY_STAMP_H
#define DIRECTORY_STAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* Microseconds since 1970-01-01 UTC, of "20261128074914Z", "20261128074914.123456Z", or of what begins so (a CSN).
 * false: it is none, or not in UTC. */
bool stamp_parse(struct str text, int64_t *us);

/* The other way round, in whole seconds, and a NUL. */
enum { STAMP_SIZE = 16 };
void stamp_write(int64_t us, char out[STAMP_SIZE]);

#endif
