/*
 * certificate - what a client's certificate says of whose it is
 *
 * The texts are what its issuer let stand there: whoever takes one for a name escapes it.
 */
#ifndef BH_CERTIFICATE_H
#define BH_CERTIFICATE_H

#include "base/str.h"

/* Longer ones are left out. */
enum { CERTIFICATE_JID_MAX = 3071, CERTIFICATE_MAIL_MAX = 320, CERTIFICATE_SUBJECT_MAX = 2048, CERTIFICATE_DER_MAX = 8192 };

struct certificate {
	char *jid;	/* the first xmppAddr (RFC 6120 13.7.1.4), or NULL */
	char *mail;	/* the first rfc822Name, in ASCII; or NULL */
	char *subject;	/* RFC 4514, in ASCII: other bytes are escaped; NULL where it is empty */
	struct str der; /* all of it, borrowed from whoever gave it; or absent */
};

/* NULL for what is no certificate. */
struct certificate *certificate_read(struct str der);
void certificate_free(struct certificate **certificate);

#endif
