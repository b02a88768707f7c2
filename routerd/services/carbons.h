/*
 * carbons - message carbons are switched on and off (XEP-0280)
 */
#ifndef ROUTERD_SERVICES_CARBONS_H
#define ROUTERD_SERVICES_CARBONS_H

#include "routerd/services.h"

service_fn carbons_enable, carbons_disable;

#endif
