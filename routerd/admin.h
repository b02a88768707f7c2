/*
 * admin - what bulkheadctl asks for
 */
#ifndef ROUTERD_ADMIN_H
#define ROUTERD_ADMIN_H

#include "bus/link.h"

bus_handler_fn on_ctl_request, on_account_put, on_auth_test, on_account_row, on_account_reply, on_account_found, on_account_changed,
	on_stats, on_connection;

#endif
