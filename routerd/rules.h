/*
 * rules - which remote domains we talk to
 *
 * A rule is about a domain and all below it; of those that fit, the longest decides.  Rules of an administrator
 * (`s2s allow`, `s2s deny`) are in the store, and count before those of the configuration (s2sd.allow, s2sd.deny).
 * Where nothing fits, all are allowed; but where the configuration names some that are, nobody else.
 */
#ifndef ROUTERD_RULES_H
#define ROUTERD_RULES_H

#include <stdbool.h>

#include "conf/conf.h"
#include "routerd/router.h"
#include "store/store.h"

struct rules;

struct rules *rules_create(void);
void rules_free(struct rules **rules);

/* Takes the configuration's in place of those that it had.  0 or BH_ENOMEM. */
int rules_set(struct rules *rules, const struct conf *conf);
/* One of an administrator, as SQL_RULES_GET has it. */
void rules_load(struct rules *rules, const struct store_rows *row);

bool rules_allow(const struct rules *rules, struct str domain);

/* A new one of an administrator's; done tells whether the store has it. */
void rules_add(struct router *r, struct str domain, bool allowed, void (*done)(void *arg, int rc), void *arg);

/* For each: of an administrator, or of the configuration. */
typedef void rule_fn(void *arg, const char *domain, bool allowed, bool configured);
void rules_each(const struct rules *rules, rule_fn *each, void *arg);

#endif
