/*
 * vcard - profiles (XEP-0054): stored as they came, or those of the domain's directory
 */
#ifndef ROUTERD_SERVICES_VCARD_H
#define ROUTERD_SERVICES_VCARD_H

#include "routerd/services.h"

service_fn vcard_get, vcard_set;

#endif
