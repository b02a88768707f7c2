/*
 * ended - resumable sessions that have ended, remembered for a while
 *
 * Who comes too late hears how many of the stanzas that it sent have counted (XEP-0198, 5).
 */
#ifndef ROUTERD_ENDED_H
#define ROUTERD_ENDED_H

#include <stdbool.h>

#include "routerd/router.h"

void ended_add(struct router *r, const struct bus_id *id, struct str account, uint32_t h);
/* false: there is none of that account. */
bool ended_find(const struct router *r, const struct bus_id *id, struct str account, uint32_t *h);
void ended_free(struct router *r);

#endif
