/*
 * appl - NETWORK-SERVICES-MIB (RFC 2788): applTable, a row for each daemon, and assocTable
 *
 * Times are sysUpTime of the machine's agent, 0 for what was before that.  What a daemon counts begins anew when it
 * does, as applUptime says.
 */
#ifndef SNMPD_PLUGIN_APPL_H
#define SNMPD_PLUGIN_APPL_H

#include "snmpd-plugin/mib.h"
#include "snmpd-plugin/snmp.h"

enum appl_column { APPL_NAME = 2, APPL_OPER_STATUS = 6 };

struct appl {
	struct mib_group table, associations;
	struct assoc_row *rows; /* of the latter */
	size_t room;
};

int appl_register(struct snmp_plugin *p, struct appl **out);
void appl_free(struct appl **a);
/* The picture is another. */
void appl_take(struct appl *a, const struct snmp_plugin *p);

#endif
