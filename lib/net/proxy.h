/*
 * proxy - the PROXY protocol, versions 1 and 2, receiving side (haproxy proxy-protocol.txt)
 */
#ifndef BH_PROXY_H
#define BH_PROXY_H

#include <stddef.h>
#include <stdint.h>

#include "net/address.h"

enum { PROXY_HEADER_MAX = 4096 };

/* Looks for a whole header at the start.  > 0: its length, and *client is set (when the
 * header names no address, "UNKNOWN" or LOCAL, *client is unchanged); BH_EAGAIN: more bytes are
 * needed; BH_EPROTO: this is no PROXY header. */
int proxy_parse(const uint8_t *p, size_t n, struct address *client);

#endif
