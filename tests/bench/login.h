/*
 * login - from the first stream header to a bound, available session
 *
 * Knows as much XML as four servers' answers need: it looks for the tags that end a step.
 */
#ifndef BENCH_LOGIN_H
#define BENCH_LOGIN_H

#include <stddef.h>

struct conn;
struct login;

void login_start(struct conn *c);
/* The TLS handshake is done. */
void login_secured(struct conn *c);
/* Bytes from the server; says how many are used up. */
size_t login_data(struct conn *c, const char *data, size_t len);
/* The connection ended before it was bound. */
void login_failed(struct conn *c, const char *why);
void login_free(struct login **login);

#endif
