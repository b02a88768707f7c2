/*
 * users - the system users that the daemons run as
 */
#ifndef MASTER_USERS_H
#define MASTER_USERS_H

/* As root: makes those that are missing.  0, or negative after a sentence on standard error. */
int users_make(void);

#endif
