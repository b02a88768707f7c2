/*
 * carried - clients as sessions that c2sd carries for routerd (lib/carry)
 */
#ifndef C2SD_CARRIED_H
#define C2SD_CARRIED_H

#include "carry/carrier.h"

/* What goes to routerd in order with stanzas. */
enum note_kind {
	NOTE_STATE = 1, /* flag: somebody looks at the client (XEP-0352) */
	NOTE_ENABLE,	/* stream management begins (XEP-0198); flag: to resume, within value seconds */
	NOTE_DETACH,	/* the connection is lost, and the session is not */
};

extern const struct carrier_spec c2sd_carrier;

#endif
