/* Client state indication (XEP-0352): whether somebody looks at the client.
 *
 * Only the last word before a stanza, or of the bytes that came at once, goes to routerd: a client
 * that changes its mind a thousand times in a breath costs no more than one that does so once. */
#include "c2sd/carried.h"
#include "c2sd/session.h"

#include "xmpp/names.h"

void session_csi(struct client *c, const struct element *e)
{
	if (c->entry == ENTRY_COMPONENT) {
		client_fail(c, STREAM_UNSUPPORTED_STANZA_TYPE, NULL);
		return;
	}
	c->inactive_wanted = str_is(e->name, "inactive");
}

void session_settle_state(struct client *c)
{
	if (c->state != CLIENT_BOUND || c->inactive_wanted == c->inactive_told)
		return;
	c->inactive_told = c->inactive_wanted;
	session_push_state(c);
}

void session_push_state(struct client *c)
{
	inbound_note(&c->carried, NOTE_STATE, !c->inactive_told, 0);
}
