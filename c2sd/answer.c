/* IQ results and errors. */
#include "c2sd/answer.h"

#include "xmpp/stanza.h"

static void answer(struct client *c, uint8_t type, struct str id, struct str inner)
{
	struct stanza s = {.kind = STANZA_IQ, .type = type, .id = id, .inner = inner};

	stanza_write(client_output(c), &s, STR_NONE, STR_NONE);
}

void answer_result(struct client *c, struct str id, struct str inner)
{
	answer(c, TYPE_RESULT, id, inner);
}

void answer_error(struct client *c, struct str id, unsigned condition, struct str text)
{
	struct buf inner = BUF_INIT;

	stanza_error_write(&inner, condition, text);
	answer(c, TYPE_ERROR, id, buf_str(&inner));
	buf_fini(&inner);
}
