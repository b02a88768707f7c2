/*
 * private - private XML storage (XEP-0049)
 */
#ifndef ROUTERD_SERVICES_PRIVATE_H
#define ROUTERD_SERVICES_PRIVATE_H

#include "routerd/services.h"

service_fn private_get, private_set;

#endif
