/*
 * answer - the IQ answers that c2sd makes itself, while there is no session
 *
 * What a bound session receives is numbered by routerd and made there (custody.md, 3).
 */
#ifndef C2SD_ANSWER_H
#define C2SD_ANSWER_H

#include "c2sd/client.h"

/* inner: canonical XML, empty for none. */
void answer_result(struct client *c, struct str id, struct str inner);
/* condition: an enum stanza_error; text may be absent. */
void answer_error(struct client *c, struct str id, unsigned condition, struct str text);

#endif
