/*
 * admin - what an administrator asks about connections and certificates, through routerd
 */
#ifndef C2SD_ADMIN_H
#define C2SD_ADMIN_H

#include "bus/link.h"

bus_handler_fn on_ctl_request, on_connection_get;

#endif
