/*
 * master - the program `bulkhead`: makes an instance, and runs the suite in the foreground
 */
#ifndef MASTER_MASTER_H
#define MASTER_MASTER_H

enum { MASTER_DOMAINS_MAX = 64 };

/* bulkhead init DIR ...; an exit code. */
int master_init(int argc, char **argv);
/* bulkhead run DIR ...; an exit code. */
int master_run(int argc, char **argv);

#endif
