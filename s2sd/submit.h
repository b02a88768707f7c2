/*
 * submit - stanzas of a remote server, on their way to routerd
 */
#ifndef S2SD_SUBMIT_H
#define S2SD_SUBMIT_H

#include "s2sd/states.h"

state_fn submit_stanza;

#endif
