/*
 * search - who is there (XEP-0055), of a domain whose directory may be searched, for its own users
 */
#ifndef ROUTERD_SERVICES_SEARCH_H
#define ROUTERD_SERVICES_SEARCH_H

#include "routerd/services.h"

service_fn search_get, search_set;

#endif
