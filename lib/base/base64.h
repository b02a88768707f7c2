/*
 * base64 - Base64 text of bytes, and back (RFC 4648, section 4), by Nettle
 */
#ifndef BH_BASE64_H
#define BH_BASE64_H

#include "base/buf.h"
#include "base/str.h"

/* Appends the text, padded, in one line. */
void base64_encode(struct str bytes, struct buf *out);

/* Appends the bytes that the text stands for; "=" and "" are none (RFC 6120 6.4.2).  Strict: no white space,
 * no missing padding.  0, BH_EINVAL, BH_ENOMEM. */
int base64_decode(struct str text, struct buf *out);

#endif
