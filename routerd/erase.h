/*
 * erase - an account is deleted: its contacts are told, and its data go
 */
#ifndef ROUTERD_ERASE_H
#define ROUTERD_ERASE_H

#include "base/str.h"
#include "routerd/router.h"

/* As if every contact were removed from the roster (RFC 6121 2.5), and then all rows. */
void account_erase(struct router *r, struct str bare);

#endif
