/*
 * check - whether a signature may be made
 *
 * As far as it can be seen in what is asked: the kind of signature fits the key, a hash is as long as the kind's hash is,
 * and an EdDSA message is one that TLS signs in that role.  A hash tells nothing of what was hashed: for RSA and ECDSA keyd
 * cannot know what it signs (doc/architecture.md).  There is no request to decrypt.
 */
#ifndef KEYD_CHECK_H
#define KEYD_CHECK_H

#include <stdbool.h>

#include "base/str.h"
#include "key/frame.h"
#include "net/tls_key.h"

struct check_request {
	enum key_role role;
	enum tls_key_type type;
	uint16_t scheme;
	struct str data;
};

/* NULL: yes; else why not, in a few words. */
const char *check_request(const struct check_request *r);

/* What EdDSA signs in TLS; `client`: by the TLS client. */
bool check_tls13(struct str message, bool client);	/* RFC 8446 4.4.3 */
bool check_tls12_server(struct str message);		/* RFC 8422 5.4 */
bool check_tls12_client(struct str message);		/* RFC 5246 7.4.8 */

#endif
