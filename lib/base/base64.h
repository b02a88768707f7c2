/*
 * base64 - Base64 text of bytes (RFC 4648, section 4), by Nettle
 */
#ifndef BH_BASE64_H
#define BH_BASE64_H

#include "base/buf.h"
#include "base/str.h"

/* Appends the text, padded, in one line. */
void base64_encode(struct str bytes, struct buf *out);

#endif
