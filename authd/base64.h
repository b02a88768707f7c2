/*
 * base64 - reading the texts of SASL elements (RFC 6120, section 6.4; RFC 4648, section 4)
 */
#ifndef AUTHD_BASE64_H
#define AUTHD_BASE64_H

#include "base/base64.h"
#include "base/buf.h"

/* Appends the bytes that text stands for; "=" and "" are no bytes.  0, BH_EINVAL, BH_ENOMEM. */
int base64_decode(struct str text, struct buf *out);

#endif
