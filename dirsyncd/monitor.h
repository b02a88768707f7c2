/*
 * monitor - what is counted of each directory, as of now: its accounts, its brake, and how far it is behind
 */
#ifndef DIRSYNCD_MONITOR_H
#define DIRSYNCD_MONITOR_H

struct dirsyncd;

void monitor_start(struct dirsyncd *s);
void monitor_stop(struct dirsyncd *s);

#endif
