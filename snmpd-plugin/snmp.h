/*
 * snmp - what all of the plugin shares, and the daemon's life
 *
 * It watches the suite (lib/watch), and shows it to the SNMP agent of the machine, of which it is a part (agent.h):
 *
 *   appl.h    NETWORK-SERVICES-MIB (RFC 2788): applications and associations
 *   suite.h   BULKHEAD-MIB: what is our own
 *   alarms.h  what is worth a notification
 *
 * All of them look at one picture, in which rows are made anew each second (mib.h).  libnetsnmp may block for seconds
 * when the agent hangs: nobody waits for us, so that hurts nobody.
 */
#ifndef SNMPD_PLUGIN_SNMP_H
#define SNMPD_PLUGIN_SNMP_H

#include "daemon/daemon.h"
#include "snmpd-plugin/daemons.h"
#include "snmpd-plugin/roll.h"
#include "watch/watch.h"

struct agent;
struct appl;
struct suite;
struct traps;

struct snmp_plugin {
	struct daemon *daemon;
	struct watch *watch;
	struct agent *agent;
	struct traps *traps;
	struct appl *appl;
	struct suite *suite;
	const struct picture *picture;
	struct daemons daemons;	       /* of which applIndex, and since when what */
	struct roll certificates;      /* by domain */
	struct roll directories;       /* by name */
	unsigned certificate_days;
};

int snmp_plugin_open(struct daemon *d);
int snmp_plugin_start(struct daemon *d);
int snmp_plugin_reload(struct daemon *d, const struct conf *old);
void snmp_plugin_stop(struct daemon *d);

#endif
