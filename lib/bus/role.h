/*
 * role - what a process is on the bus
 *
 * A role is one bit, so that messages.def can name sets of them.
 */
#ifndef BH_ROLE_H
#define BH_ROLE_H

#define BUS_ROLE_MAP(XX)                                                                           \
	XX(ROUTER, 0x01, "routerd", NULL)                                                          \
	XX(C2S, 0x02, "c2sd", "c2s.sock")                                                          \
	XX(S2S, 0x04, "s2sd", "s2s.sock")                                                          \
	XX(AUTH, 0x08, "authd", "auth.sock")                                                       \
	XX(DIR, 0x10, "dirsyncd", "dir.sock")                                                      \
	XX(SNMP, 0x20, "snmp", "snmp.sock")                                                        \
	XX(CTL, 0x40, "ctl", "ctl.sock")                                                           \
	XX(METRICS, 0x80, "metrics", "metrics.sock")                                               \
	XX(KEY, 0x100, "keyd", "keyd.sock")                                                        \
	XX(MONITOR, 0x200, "monitor", "monitor.sock")

enum bus_role {
#define XX(name, bit, text, socket) ROLE_##name = bit,
	BUS_ROLE_MAP(XX)
#undef XX
};

#define ROLES_FRONT (ROLE_C2S | ROLE_S2S)
/* Administrators: those who change things, and those who only look. */
#define ROLES_ADMIN (ROLE_CTL | ROLE_MONITOR)
#define ROLES_WATCHERS (ROLE_SNMP | ROLE_METRICS)
#define ROLES_SERVING (ROLES_FRONT | ROLE_AUTH | ROLE_DIR | ROLE_KEY)
#define ROLES_DAEMONS (ROLES_SERVING | ROLES_WATCHERS)
#define ROLES_PEERS (ROLES_DAEMONS | ROLES_ADMIN)

/* "c2sd" for ROLE_C2S; NULL for what is no role. */
const char *bus_role_name(unsigned role);
/* The file name, in the runtime directory, of the socket where routerd listens for it. */
const char *bus_role_socket(unsigned role);

#endif
