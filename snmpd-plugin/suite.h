/*
 * suite - BULKHEAD-MIB: what the suite as a whole does (etc/snmp/BULKHEAD-MIB.txt)
 */
#ifndef SNMPD_PLUGIN_SUITE_H
#define SNMPD_PLUGIN_SUITE_H

#include "snmpd-plugin/mib.h"
#include "snmpd-plugin/snmp.h"

enum suite_group {
	SUITE_STATE,
	SUITE_TRAFFIC,
	SUITE_QUEUES,
	SUITE_LOGINS,
	SUITE_FAILURES,
	SUITE_SESSIONS,
	SUITE_DAEMONS,
	SUITE_CERTIFICATES,
	SUITE_DIRECTORIES,
	SUITE_GROUPS,
};

/* Columns that notifications name. */
enum {
	DAEMON_DEATHS = 3,
	CERTIFICATE_DOMAIN = 2, CERTIFICATE_EXPIRES = 3, CERTIFICATE_DAYS = 4,
	DIRECTORY_NAME = 2, DIRECTORY_BRAKE = 4,
};

struct suite {
	struct mib_group groups[SUITE_GROUPS];
	const struct seen *router; /* in this picture */
};

int suite_register(struct snmp_plugin *p, struct suite **out);
void suite_free(struct suite **s);
/* The picture is another. */
void suite_take(struct suite *s, struct snmp_plugin *p);

/* Whole days until then, seconds since 1970; negative when it is over. */
int64_t suite_days_until(uint64_t wall);

#endif
