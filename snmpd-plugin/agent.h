/*
 * agent - the link to the machine's SNMP agent (AgentX, RFC 2741), by Net-SNMP's library on our loop
 *
 * There is one: the library has one state for the whole process.  While the agent is away it is called again every
 * other second, and when it is back, all that was registered is there again.  Its calls may block for some seconds when
 * the agent hangs.
 */
#ifndef SNMPD_PLUGIN_AGENT_H
#define SNMPD_PLUGIN_AGENT_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct agent;

struct agent_spec {
	uv_loop_t *loop;
	const char *socket; /* the path */
	/* What it has to show is registered here, by mib_register().  0 or negative. */
	int (*on_ready)(void *owner);
	/* The agent is there, or is not any more. */
	void (*on_link)(void *owner, bool up);
	void *owner;
};

int agent_start(const struct agent_spec *spec, struct agent **out);
void agent_stop(struct agent **agent, void (*done)(void *), void *arg);

bool agent_is_up(const struct agent *agent);
/* A moment of clock_ms() as the agent's sysUpTime at it, in hundredths of a second; 0: before that began. */
uint32_t agent_time(const struct agent *agent, uint64_t ms);

#endif
