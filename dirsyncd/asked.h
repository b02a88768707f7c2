/*
 * asked - what routerd asks about people: PROFILE_GET and SEARCH, answered out of the store
 *
 * A directory that has not been read yet gets FOUND_LATER.  An answer goes to the link that the question came by, or to
 * nobody.
 */
#ifndef DIRSYNCD_ASKED_H
#define DIRSYNCD_ASKED_H

#include "bus/link.h"

bus_handler_fn asked_profile_get, asked_search;

#endif
