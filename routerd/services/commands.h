/*
 * commands - Ad-Hoc Commands (XEP-0050) for administrators of a domain, a small set of those of XEP-0133
 *
 * They are asked of the domain, by an account that may administer it; for everybody else there are none.  A command
 * that asks for something is two requests, and nothing is kept between them: what is filled in says all, whatever its
 * session is called.  What was done is logged, once, with who did it.
 */
#ifndef ROUTERD_SERVICES_COMMANDS_H
#define ROUTERD_SERVICES_COMMANDS_H

#include "routerd/form.h"
#include "routerd/services.h"

struct command;

/* A command that is carried out. */
struct command_call {
	const struct command *command;
	struct transit *transit;
	struct str domain;
	const struct tree_node *form; /* what was filled in; NULL where nothing is asked */
	struct buf *out;   /* what stands in the answer */
	struct buf *about; /* for the log: whom it was about */
	const char *problem; /* COMMAND_BAD: why */
};

enum command_end {
	COMMAND_DONE,
	COMMAND_BAD,  /* what was filled in is no good */
	COMMAND_WAIT, /* it will be asked again (keep.h): nothing has been done yet */
	COMMAND_LATER, /* command_finish() answers it */
};

/* One that ends when somebody else has answered.  Its call, from now on, has the answer that is written and no stanza:
 * neither transit, domain nor form.  Takes over what is for the log. */
struct command_task;
struct command_task *command_later(struct command_call *call);
struct command_call *command_call_of(struct command_task *task);
/* It is done; or a problem, which is not the asker's.  *task becomes NULL. */
void command_finish(struct command_task **task, const char *problem);

struct command {
	const char *node, *name, *instructions;
	const struct form_field *fields; /* that it asks for */
	size_t nfields;
	enum command_end (*run)(struct command_call *call);
	bool own; /* only where the domain's accounts are authd's */
};

/* admin_commands.c */
extern const struct command admin_commands[];
extern const size_t admin_commands_count;

service_fn command_execute;

/* May the sender see and use them? */
bool commands_allowed(const struct transit *t);
/* disco#info and disco#items of a node (XEP-0050 3.2): answered, if it is one of theirs. */
bool commands_info(struct transit *t, struct str node);
bool commands_items(struct transit *t, struct str node);

#endif
