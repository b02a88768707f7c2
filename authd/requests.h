/*
 * requests - what administrators ask of the accounts: ACCOUNT_PUT, _DELETE, _PURGE and _LIST, AUTH_TEST
 */
#ifndef AUTHD_REQUESTS_H
#define AUTHD_REQUESTS_H

#include "authd/accounts.h"
#include "bus/link.h"

/* The links' owner is the struct authd. */
bus_handler_fn on_account_put, on_account_delete, on_account_purge, on_account_disable, on_account_list, on_auth_test;

struct authd;

/* The directories go: who waits for one of them hears so. */
void requests_abandon(struct authd *a);

/* For conversations_spec.tested; owner is the struct authd. */
struct exchange;
void requests_on_tested(void *owner, uint64_t id, const struct exchange *x);

/* For accounts_spec.on_change; owner is the struct authd. */
void requests_on_change(void *owner, const struct account_write *change);

#endif
