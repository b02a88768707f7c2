/*
 * blocking - the blocklist as its owner sees and changes it (XEP-0191)
 */
#ifndef ROUTERD_SERVICES_BLOCKING_H
#define ROUTERD_SERVICES_BLOCKING_H

#include "routerd/services.h"

service_fn blocking_get, blocking_block, blocking_unblock;

#endif
