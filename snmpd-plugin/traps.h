/*
 * traps - notifications on their way to the machine's agent, which sends them to whoever manages it
 *
 * What comes while the agent is away waits: 64 at most, of which the oldest goes first.
 */
#ifndef SNMPD_PLUGIN_TRAPS_H
#define SNMPD_PLUGIN_TRAPS_H

#include "snmpd-plugin/mib.h"

struct traps;

struct traps *traps_create(void);
void traps_free(struct traps **t);

/* bulkheadNotifications.number, with these values of that index. */
struct trap_object {
	const struct mib_group *group;
	oid column;
};
void traps_send(struct traps *t, oid number, oid index, const struct trap_object *objects, size_t n);

/* The agent is there, or is not any more. */
void traps_link(struct traps *t, bool up);

#endif
