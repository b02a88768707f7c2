/*
 * lookup - what routerd asks about people: PROFILE_GET and SEARCH, answered out of the store
 *
 * A directory that has not been read yet gets FOUND_LATER.  An answer goes to the link that the question came by, or to
 * nobody.
 */
#ifndef DIRSYNCD_LOOKUP_H
#define DIRSYNCD_LOOKUP_H

#include "bus/link.h"

bus_handler_fn lookup_on_profile_get, lookup_on_search;

#endif
