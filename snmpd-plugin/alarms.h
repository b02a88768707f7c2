/*
 * alarms - what is worth a notification: a daemon that died, and is back; a certificate that expires soon, once a day;
 * the brake of a directory, and its release
 */
#ifndef SNMPD_PLUGIN_ALARMS_H
#define SNMPD_PLUGIN_ALARMS_H

#include "snmpd-plugin/snmp.h"

/* The tables are of a new picture. */
void alarms_review(struct snmp_plugin *p);

#endif
