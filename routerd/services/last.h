/*
 * last - last activity (XEP-0012)
 */
#ifndef ROUTERD_SERVICES_LAST_H
#define ROUTERD_SERVICES_LAST_H

#include "routerd/services.h"

service_fn last_get;

#endif
