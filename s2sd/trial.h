/*
 * trial - `bulkheadctl s2s test`: a stream to a remote domain, step by step
 */
#ifndef S2SD_TRIAL_H
#define S2SD_TRIAL_H

#include "s2sd/s2sd.h"

/* From that domain of ours; absent: the first one.  The rows and the end are the answer to that request. */
void trial_start(struct s2sd *srv, uint64_t subject, struct str local, struct str remote);
/* routerd is away, or s2sd ends: nobody waits any more. */
void trials_drop(struct s2sd *srv);

#endif
