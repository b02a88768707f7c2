/*
 * erase - an account is deleted: its contacts are told, and its data go
 */
#ifndef ROUTERD_ERASE_H
#define ROUTERD_ERASE_H

#include "base/str.h"
#include "routerd/router.h"

struct account;

/* As if every contact were removed from the roster (RFC 6121 2.5), and then all rows; unless it was made later than
 * that (wall clock, us).  Nobody needs to be logged in. */
void account_erase(struct router *r, struct str bare, uint64_t before);

/* The end of that: its rows, and what is in memory. */
void erase_rows(struct account *a, struct store_tx *tx);

#endif
