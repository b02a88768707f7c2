/*
 * admin - what administrators ask of dirsyncd
 *
 * ldap.status, ldap.sync and user.list are answered at once; ldap.test, ldap.explain and ldap.diff ask the directory
 * (job.h).
 */
#ifndef DIRSYNCD_ADMIN_H
#define DIRSYNCD_ADMIN_H

#include "bus/link.h"

bus_handler_fn on_ctl_request;

#endif
