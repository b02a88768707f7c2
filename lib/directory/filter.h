/*
 * filter - search filters (RFC 4515), with what others chose in them escaped (attacks.md, S23)
 */
#ifndef DIRECTORY_FILTER_H
#define DIRECTORY_FILTER_H

#include "base/buf.h"
#include "base/str.h"

/* The value, each byte that could mean something as \hh. */
void filter_put_value(struct buf *out, struct str value);
/* "(attribute=value)" */
void filter_put_equal(struct buf *out, const char *attribute, struct str value);
/* Finds the entry that has this certificate (DER), and may find others: some directories compare its bytes, others its
 * issuer and number alone (RFC 4523, certificateExactMatch). */
void filter_put_certificate(struct buf *out, struct str der);
/* "(&filter(attribute=value))", and a NUL */
void filter_put_one(struct buf *out, const char *filter, const char *attribute, struct str value);

#endif
