/*
 * external - whose a client's certificate is
 */
#ifndef AUTHD_EXTERNAL_H
#define AUTHD_EXTERNAL_H

#include "authd/exchange.h"

/* The certificate has what the accounts of its domain are known by: then EXTERNAL may be used. */
bool external_has_name(const struct exchange *x);

#endif
