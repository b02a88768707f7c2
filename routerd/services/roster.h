/*
 * roster - the roster as its owner sees and changes it (RFC 6121 2)
 */
#ifndef ROUTERD_SERVICES_ROSTER_H
#define ROUTERD_SERVICES_ROSTER_H

#include "routerd/services.h"

service_fn roster_get, roster_set;

#endif
