/*
 * plain - the message of PLAIN (RFC 4616)
 */
#ifndef AUTHD_PLAIN_H
#define AUTHD_PLAIN_H

#include <stdbool.h>

#include "base/str.h"

enum { PLAIN_PASSWORD_MAX = 1024 };

/* All borrow from the message; the password is neither empty nor longer than that. */
struct plain_message {
	struct str authzid; /* empty where there is none */
	struct str authcid, password;
};

/* authzid NUL authcid NUL password; false for anything else, one NUL more too. */
bool plain_parse(struct str in, struct plain_message *out);

#endif
