/*
 * basic - the small ones: ping (XEP-0199), version (0092), time (0202), and the session of RFC 3921
 */
#ifndef ROUTERD_SERVICES_BASIC_H
#define ROUTERD_SERVICES_BASIC_H

#include "routerd/services.h"

service_fn basic_ping, basic_version, basic_time, basic_session;

#endif
