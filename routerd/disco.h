/*
 * disco - service discovery (XEP-0030): what the server and an account say of themselves
 */
#ifndef ROUTERD_DISCO_H
#define ROUTERD_DISCO_H

#include "routerd/services.h"

service_fn disco_info, disco_items;

/* Calls each(arg, var) for the features that are advertised at a place. */
void disco_features(const struct router *r, enum service_place place,
	void (*each)(void *arg, const char *var), void *arg);

#endif
