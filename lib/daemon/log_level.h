/*
 * log_level - how much a daemon logs, as routerd asks and says for an administrator
 *
 * What is set so lasts until the process ends or reloads its configuration.  For the tables of handlers of all who have a
 * link to routerd; bus_event.owner is not used.
 */
#ifndef BH_LOG_LEVEL_H
#define BH_LOG_LEVEL_H

#include "bus/link.h"

bus_handler_fn daemon_on_set_log, daemon_on_log_get;

#endif
