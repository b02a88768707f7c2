/*
 * query - one request to routerd, and its answer
 */
#ifndef CTL_QUERY_H
#define CTL_QUERY_H

#include "ctl/ctl.h"
#include "ctl/result.h"

struct query {
	struct result result;
	bool ended;
	int code;	 /* an enum exit_code, */
	char text[1025]; /* and a sentence */
};

/* args is a list of texts.  An enum exit_code: EXIT_OK when there is an answer, whatever it says; else after the
 * complaint.  result_fini(&q->result) in any case. */
int query_ask(const struct ctl *ctl, const char *verb, struct str args, struct query *q);

/* The same in steps, for a request of another kind: connects; and, where it was sent (rc of that), waits for the answer, and
 * hangs up. */
struct routerd;
int query_open(const struct ctl *ctl, struct query *q, struct routerd **out);
int query_wait(struct query *q, struct routerd **routerd, int rc);

/* Prints the answer as the command wants it; the exit code of the whole. */
int query_show(const struct call *call, struct query *q);

/* The command's own: its options and arguments. */
int query_ask_command(const struct call *call, struct query *q);

#endif
