/*
 * daemons - the rows of applTable: which daemon has which index, and what has become of it
 *
 * An index says what it is of, so that it is the same in every life of the plugin: 2001 is c2sd@1.  A thousand for each
 * role, and in it the number behind the "@"; other names come from the 500th on.
 */
#ifndef SNMPD_PLUGIN_DAEMONS_H
#define SNMPD_PLUGIN_DAEMONS_H

#include "base/list.h"
#include "watch/picture.h"

/* applOperStatus */
enum oper_status {
	OPER_UP = 1,
	OPER_DOWN = 2,
	OPER_HALTED = 3,     /* it runs, and does not serve */
	OPER_CONGESTED = 4,  /* it takes no more */
	OPER_RESTARTING = 5,
	OPER_QUIESCING = 6,
};

/* What is remembered of one from picture to picture. */
struct daemon_row {
	struct list link;
	char name[65];
	uint32_t index;
	enum oper_status status;
	uint64_t status_ms;	 /* clock_ms(): since when */
	uint64_t changed_ms;	 /* what routerd said of that */
	uint32_t deaths;	 /* that were seen */
	bool died;		 /* and nobody has heard yet that it is back */
	const struct seen *seen; /* in this picture; NULL: it is not in it */
};

struct daemons {
	struct list all; /* struct daemon_row, by index */
};

void daemons_init(struct daemons *d);
void daemons_fini(struct daemons *d);
/* Takes a new picture. */
void daemons_take(struct daemons *d, const struct picture *p);

#endif
