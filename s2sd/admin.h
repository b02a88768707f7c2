/*
 * admin - what administrators and watchers ask about streams, through routerd
 */
#ifndef S2SD_ADMIN_H
#define S2SD_ADMIN_H

#include "bus/link.h"

bus_handler_fn on_ctl_request, on_associations_get;

#endif
