/*
 * refusals - passwords that a directory has just called wrong
 *
 * A client that goes on trying an old password, as they do when they reconnect, would have its account locked by the
 * directory.  So a password that was wrong is not tried there again for a while.  What is kept is a keyed hash.
 */
#ifndef AUTHD_REFUSALS_H
#define AUTHD_REFUSALS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct refusals;

struct refusals *refusals_create(void);
void refusals_free(struct refusals **r);

bool refusals_have(const struct refusals *r, struct str account, struct str password, uint64_t now_ms);
void refusals_note(struct refusals *r, struct str account, struct str password, uint64_t now_ms);

#endif
