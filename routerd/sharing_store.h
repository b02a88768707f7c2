/*
 * sharing_store - groups and persons in the store
 *
 * A person has a number, and a group's members are a list of numbers in one blob: so a change of one member writes a
 * few kilobytes, and a hundred thousand persons are read in a moment.  With a group's change stands how it was before,
 * until all have been told: a routerd that begins goes on with that.
 */
#ifndef ROUTERD_SHARING_STORE_H
#define ROUTERD_SHARING_STORE_H

#include "routerd/regroup.h"
#include "routerd/sharing_task.h"
#include "store/store.h"

void sharing_store_person(struct store_tx *tx, const struct person *m);
void sharing_unstore_person(struct store_tx *tx, uint32_t id);

/* The group as it will be, with that digest, and as it was. */
void sharing_store_change(struct store_tx *tx, const struct regroup *rg, const uint8_t digest[GROUP_ID_SIZE]);
/* All have been told. */
void sharing_store_told(struct store_tx *tx, const struct regroup *rg);
/* Nothing but that. */
void sharing_store_digest(struct store_tx *tx, const struct group *g);

#endif
