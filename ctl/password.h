/*
 * password - a password from the terminal or from standard input, never from arguments
 */
#ifndef CTL_PASSWORD_H
#define CTL_PASSWORD_H

#include "ctl/ctl.h"

enum { PASSWORD_MAX = 1024 };

struct password {
	char text[PASSWORD_MAX + 1]; /* without its newline; not terminated */
	size_t len;
};

/* Asks without echo where standard input is a terminal, twice for a new one, or takes the first line of it with
 * --password-stdin.  An enum exit_code, after the complaint; the caller wipes it. */
int password_read(const struct ctl *ctl, const char *account, bool is_new, struct password *out);
void password_wipe(struct password *password);

#endif
