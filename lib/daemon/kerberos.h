/*
 * kerberos - MIT Kerberos in a confined process
 *
 * libkrb5 is told by variables and by a file of ours, which is read before the machine's own (krb5.conf(5)): no name is
 * looked up in the DNS to find out what a service is called, no plugin is loaded, and tickets and the cache against
 * replays are not where others have them.
 */
#ifndef BH_KERBEROS_H
#define BH_KERBEROS_H

#include "daemon/daemon.h"

/* The configuration wants it of this daemon: a directory that we bind to by it, or sandbox.keytab. */
bool kerberos_wanted(const struct daemon *d, const struct conf *conf);
/* For a directory that it talks to (bind = "gssapi"). */
bool kerberos_of_directories(const struct daemon *d, const struct conf *conf);

/* Sets the variables; before there are threads.  0 or BH_ECONFIG after daemon_fail(). */
int kerberos_prepare(struct daemon *d);
/* Writes the file; confined, as the daemon's own user.  The same. */
int kerberos_start(struct daemon *d);

/* The next file of krb5.conf's in the list, which begins there; false at its end. */
bool kerberos_next_file(const char **list, char *out, size_t size);

#endif
