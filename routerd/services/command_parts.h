/*
 * command_parts - what commands about accounts have in common: accounts that are named, answers, counts
 */
#ifndef ROUTERD_SERVICES_COMMAND_PARTS_H
#define ROUTERD_SERVICES_COMMAND_PARTS_H

#include "routerd/services/commands.h"
#include "xmpp/jid.h"

enum { COMMAND_LISTED = 1000 }; /* the most that a list has */

/* For the log: whom it is about. */
void command_note(struct command_call *call, struct str what);
/* COMMAND_BAD, and why. */
enum command_end command_bad(struct command_call *call, const char *problem);

/* A form with the answer; what is in it; its end, and COMMAND_DONE. */
void command_answer(struct command_call *call);
void command_number(struct command_call *call, const char *var, const char *label, size_t n);
enum command_end command_done(struct command_call *call);

/* The accounts of a field that was filled in, one after the other. */
struct named_account {
	const struct tree_node *at;
	unsigned n;
	char text[JID_MAX + 1];
	struct jid jid;
};

/* The next account of the domain.  false: there is none, or it is none, and then a problem. */
bool command_next_account(struct command_call *call, const char *var, struct named_account *a);
/* COMMAND_DONE: all of them are in memory.  COMMAND_WAIT: one is not, and the command is carried out when it is. */
enum command_end command_load_accounts(struct command_call *call, const char *var);

/* How many a list is to have; "none" is as many as we say at all.  0: that is no number. */
unsigned command_most_items(const struct command_call *call);

#endif
