/*
 * orders - what routerd tells every daemon to do for an administrator
 *
 * To reload (reload.h), to start again, and how much to log; a level that is set so lasts until the process ends or
 * reloads its configuration.  ORDER_HANDLERS stands in the table of handlers of all who have a link to routerd.  They
 * find the daemon by the link's loop; bus_event.owner is not used.
 */
#ifndef BH_ORDERS_H
#define BH_ORDERS_H

#include "bus/link.h"
#include "daemon/reload.h"

bus_handler_fn daemon_on_restart, daemon_on_set_log, daemon_on_log_get;

#define ORDER_HANDLERS                                                                             \
	{BUS_RELOAD, daemon_on_reload}, {BUS_RESTART, daemon_on_restart},                          \
		{BUS_SET_LOG, daemon_on_set_log}, {BUS_LOG_GET, daemon_on_log_get}

#endif
