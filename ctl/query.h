/*
 * query - a command that is one request to routerd, whose answer is shown
 */
#ifndef CTL_QUERY_H
#define CTL_QUERY_H

#include "ctl/ctl.h"
#include "ctl/result.h"

/* As run_verb(); `more`, which may be NULL, adds to what has come before it is shown. */
int run_query(const struct call *call, void (*more)(const struct call *call, struct result *result));

#endif
