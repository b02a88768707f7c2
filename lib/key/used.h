/*
 * used - which certificates a front end shows, for administrators
 */
#ifndef KEY_USED_H
#define KEY_USED_H

#include "bus/link.h"
#include "key/client.h"

/* The answer to the verb "cert.used": domain, instance, the certificate's fingerprint. */
void certificates_used(const struct key_client *client, const char *instance, const struct bus_event *event);

#endif
