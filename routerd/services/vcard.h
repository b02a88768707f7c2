/*
 * vcard - vcard-temp (XEP-0054)
 */
#ifndef ROUTERD_SERVICES_VCARD_H
#define ROUTERD_SERVICES_VCARD_H

#include "routerd/services.h"

service_fn vcard_get, vcard_set;

#endif
