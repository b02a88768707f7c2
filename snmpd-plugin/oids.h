/*
 * oids - where our objects stand
 *
 * NETWORK-SERVICES-MIB is the IETF's (RFC 2788).  BULKHEAD-MIB needs an enterprise number, which IANA gives to
 * organisations and which this project does not have: it stands in Net-SNMP's playpen, an arc for private use
 * (netSnmpPlaypen, 1.3.6.1.4.1.8072.9999.9999), under 5222.  This line and one in etc/snmp/BULKHEAD-MIB.txt say so.
 */
#ifndef SNMPD_PLUGIN_OIDS_H
#define SNMPD_PLUGIN_OIDS_H

#define OID_APPLICATION 1, 3, 6, 1, 2, 1, 27
#define OID_BULKHEAD 1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 5222

/* With its length, for a struct mib_group. */
#define MIB_ROOT(...) \
	.root = {__VA_ARGS__}, .root_len = sizeof((const oid[]){__VA_ARGS__}) / sizeof(oid)

#endif
