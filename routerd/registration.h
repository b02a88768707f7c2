/*
 * registration - accounts that are made, changed and removed in-band (XEP-0077)
 */
#ifndef ROUTERD_REGISTRATION_H
#define ROUTERD_REGISTRATION_H

#include "bus/link.h"
#include "routerd/services.h"

/* How many were made from which address within the hour. */
struct registrations *registrations_create(void);
void registrations_free(struct registrations **all);
/* Once a second: forgets what is older than an hour. */
void registrations_tick(struct registrations *all);

/* A stranger, before authentication. */
bus_handler_fn on_registration;

/* Somebody who is logged in: the fields, and password or removal. */
service_fn register_get, register_set;

#endif
