/* The names of the roles, from the one table in role.h. */
#include "bus/role.h"

#include <stddef.h>

const char *bus_role_name(unsigned role)
{
	switch (role) {
#define XX(name, bit, text, socket)                                                                \
	case bit:                                                                                  \
		return text;
		BUS_ROLE_MAP(XX)
#undef XX
	default:
		return NULL;
	}
}

const char *bus_role_socket(unsigned role)
{
	switch (role) {
#define XX(name, bit, text, socket)                                                                \
	case bit:                                                                                  \
		return socket;
		BUS_ROLE_MAP(XX)
#undef XX
	default:
		return NULL;
	}
}
