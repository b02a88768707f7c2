/*
 * routerd - the daemon's life: what main.c's table names
 */
#ifndef ROUTERD_ROUTERD_H
#define ROUTERD_ROUTERD_H

#include "daemon/daemon.h"

int routerd_open(struct daemon *d);
int routerd_start(struct daemon *d);
void routerd_adopt(struct daemon *d, void *prepared);
bool routerd_ask_reload(struct daemon *d);
void routerd_stop(struct daemon *d);

#endif
