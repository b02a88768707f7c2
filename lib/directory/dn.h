/*
 * dn - distinguished names (RFC 4514), compared
 *
 * The same name can be written in many ways: "UID=Ann,OU=People" and "uid=ann, ou=people", "cn=a\2cb" and "cn=a\,b",
 * "uid=a+cn=b" and "cn=b+uid=a".  What stands for it here is a digest of one form: the types of attributes in lower
 * case and by their short names, values without regard to case (fold.h), those of one level in order.  A value that is
 * no text counts byte by byte.
 *
 * Who can choose names cannot choose two that are taken for one (digest.h).
 */
#ifndef DIRECTORY_DN_H
#define DIRECTORY_DN_H

#include <stdint.h>

#include "base/digest.h"
#include "base/str.h"

enum { DN_DIGEST_SIZE = DIGEST_128_SIZE, DN_MAX = 8192 };

/* 0, or BH_EINVAL: it is no name, longer than DN_MAX, or no text (xmlcheck.h). */
int dn_digest(struct str dn, uint8_t out[DN_DIGEST_SIZE]);

/* The name in a value of "Name And Optional UID" syntax (RFC 4517, 3.3.21): without "#'0101'B". */
struct str dn_without_uid(struct str value);

#endif
