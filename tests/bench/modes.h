/*
 * modes - the things that xmppload measures
 *
 * Each prints a line for people and a line "JSON {...}", and returns the exit code.
 */
#ifndef BENCH_MODES_H
#define BENCH_MODES_H

#include "tests/bench/options.h"

int mode_throughput(const struct options *o);
int mode_idle(const struct options *o);
int mode_logins(const struct options *o);
int mode_presence(const struct options *o);
int mode_contacts_login(const struct options *o);
int mode_offline(const struct options *o);
int mode_roster(const struct options *o);
int mode_restart(const struct options *o);
int mode_abuse(const struct options *o);

#endif
