/*
 * gssapi - clients that come with a Kerberos ticket (GSSAPI, RFC 4752), by gsasl and MIT Kerberos
 *
 * Taking a ticket needs the keytab and nobody on the network: a KDC is asked by clients only.  Each key of a service
 * xmpp in the keytab will do, whatever host it names.  The account is the one component of the client's name, where
 * its realm is the domain's (setting domain.realm).  There is no security layer: TLS is there for that.
 */
#ifndef AUTHD_GSSAPI_H
#define AUTHD_GSSAPI_H

#include "authd/exchange.h"

/* Loads what could not be loaded in the sandbox.  Before there are threads. */
void gssapi_open(struct Gsasl *gsasl);
/* Is there a key that a ticket could be for? */
bool gssapi_has_key(struct Gsasl *gsasl);

#endif
