/*
 * reload - taking a new configuration, in two steps
 *
 * First every daemon reads the file, checks it, and makes ready what it needs (certificates, keys, tables); nothing
 * changes.  Only when all of them have done so the second step puts it in force, which cannot fail.  routerd leads: it
 * asks its peers by RELOAD, and goes through the same steps itself.  A daemon that is not linked reads the file when it
 * starts.
 *
 * What only a new process can take (the first directory, for a sandbox without network) is taken by one: the daemon ends
 * in order, and whoever runs it starts it again.
 */
#ifndef BH_RELOAD_H
#define BH_RELOAD_H

#include <stdint.h>

#include "base/buf.h"
#include "bus/link.h"
#include "daemon/daemon.h"

/* Handles RELOAD, and answers. */
bus_handler_fn daemon_on_reload;
/* Asks routerd to lead one; false: it is not linked. */
bool reload_ask(struct link *link);
/* The same for who may not ask: the log says who can be asked. */
bool reload_leave_to_router(struct link *link);

/* The steps themselves, for who leads.  digest (conf.h): of the file that it must be; NULL: whatever is there.
 * 0, or negative: nothing has changed, and reload_why() says why. */
int reload_prepare(struct daemon *d, const uint8_t *digest);
/* What is prepared and not yet adopted; NULL without. */
const struct conf *reload_fresh(const struct daemon *d);
void reload_adopt(struct daemon *d);
void reload_discard(struct daemon *d);
const char *reload_why(const struct daemon *d);

/* Between the steps: what changes for this daemon, as a list of texts, four for a change (RELOAD_STATE).  A setting that
 * needs a restart is told again until there was one. */
void reload_rows(const struct daemon *d, struct buf *rows);
void reload_row(struct buf *rows, const struct conf_change *change, const char *when, ...)
	__attribute__((format(printf, 3, 4)));

#endif
