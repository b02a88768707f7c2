/*
 * roles - what an account may do besides what all may
 */
#ifndef ROUTERD_ROLES_H
#define ROUTERD_ROLES_H

#include <stdbool.h>

#include "base/str.h"

struct account;

/* May it administer that domain of ours: by domain.admins, where its whole bare JID stands; or by a group of its own
 * domain? */
bool roles_administers(const struct account *a, struct str domain);

#endif
