/*
 * gssapi - who we are, by Kerberos (RFC 4752); lib/directory only
 *
 * Nothing limits how long libkrb5 waits for a KDC.  So it is asked on a thread of its own, which is left to itself when
 * the directory's time is over; a directory has at most as many of them as connections.  What goes to and fro with the
 * directory then needs no KDC.  No security layer: TLS is there for that.
 */
#ifndef DIRECTORY_GSSAPI_H
#define DIRECTORY_GSSAPI_H

#include "directory/connection_private.h"

/* As the first name in the directory's keytab, to ldap/HOST.  0, or as dirconn_open(), with a sentence. */
int dirconn_bind_gssapi(struct dirconn *c, const char *host, char *why);

#endif
