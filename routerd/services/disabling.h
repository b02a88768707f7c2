/*
 * disabling - the commands about accounts that are disabled (XEP-0133 4.3, 4.4, 4.8, 4.19)
 *
 * authd is asked, as by `bulkheadctl user disable`, and the answer to the client comes after its answer: by then the
 * sessions have ended.  They are for domains whose accounts authd has; those of a directory are disabled there.
 */
#ifndef ROUTERD_SERVICES_DISABLING_H
#define ROUTERD_SERVICES_DISABLING_H

#include "routerd/services/commands.h"

enum command_end disabling_disable(struct command_call *call);
enum command_end disabling_enable(struct command_call *call);
enum command_end disabling_number(struct command_call *call);
enum command_end disabling_list(struct command_call *call);

#endif
