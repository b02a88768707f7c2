/*
 * record - the data of DNS records, read as what they say
 *
 * The bytes come from the network: each reader checks every length.
 */
#ifndef DNS_RECORD_H
#define DNS_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "net/address.h"
#include "net/dane.h"

/* A name as text, without the last dot (RFC 1035, 2.3.4: 255 bytes on the wire), and a NUL. */
enum { DNS_NAME_MAX = 253, DNS_NAME_SIZE = 256 };

/* Types of records that we ask for (IANA). */
enum { DNS_A = 1, DNS_AAAA = 28, DNS_SRV = 33, DNS_TLSA = 52 };

/* RFC 2782.  An empty target says that the service is decidedly not there ("."). */
struct srv {
	uint16_t priority, weight, port;
	char target[DNS_NAME_SIZE];
};

bool record_srv(struct str data, struct srv *out);
/* RFC 6698; its data borrows from the record. */
bool record_tlsa(struct str data, struct tlsa *out);
/* Of an A or an AAAA record; the port is the caller's to set. */
bool record_address(struct str data, struct address *out);

#endif
