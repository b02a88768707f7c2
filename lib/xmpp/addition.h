/*
 * addition - what routerd and services put into a stanza on its way, without touching its XML
 *
 * A packed list beside the envelope; the writer at the last front end turns it into XML
 * (custody.md, 26).
 */
#ifndef BH_ADDITION_H
#define BH_ADDITION_H

#include "base/buf.h"
#include "base/str.h"

enum addition_kind {
	ADDITION_STANZA_ID = 1, /* <stanza-id by='a' id='b'/>, XEP-0359 */
	ADDITION_DELAY = 2,	/* <delay from='a' stamp='b'/>, XEP-0203 */
	ADDITION_CARBON = 3,	/* the stanza is wrapped: <message from=b to=receiver>
				 * <sent|received><forwarded>..; a = "sent" or "received", b = the
				 * account's bare JID: one text for all of its resources */
};

struct addition {
	uint8_t kind;
	struct str a, b;
};

void addition_put(struct buf *out, const struct addition *a);
/* Takes the first; false at the end or where the rest is no list. */
bool addition_take(struct str *list, struct addition *a);

#endif
