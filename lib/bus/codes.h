/*
 * codes - the small numbers in the fields of messages.def
 */
#ifndef BH_CODES_H
#define BH_CODES_H

/* ACCOUNT_PUT.how */
enum account_put {
	ACCOUNT_ADD = 1,      /* must not exist */
	ACCOUNT_PASSWORD = 2, /* must exist */
	ACCOUNT_IMPORT = 3,   /* made, or its password changed */
};

/* ACCOUNT_CHANGED.change */
enum account_change {
	ACCOUNT_WAS_DELETED = 1, /* from dirsyncd: long ago, or its name is somebody else's now: its data go */
	ACCOUNT_WAS_DISABLED = 2,
	ACCOUNT_GOT_PASSWORD = 3,
	ACCOUNT_WAS_ADDED = 4,
};

/* ACCOUNT_FOUND.state */
enum account_found {
	ACCOUNT_ABSENT = 1,
	ACCOUNT_ACTIVE = 2,
	ACCOUNT_DISABLED = 3,
	ACCOUNT_UNREADABLE = 4, /* the store failed: nobody knows */
};

/* GROUP.show: who sees the members of a group, and their presence */
enum group_show {
	GROUP_SHOW_NOBODY = 0,
	GROUP_SHOW_MEMBERS = 1,
	GROUP_SHOW_EVERYBODY = 2, /* all accounts of its domain */
	GROUP_SHOW_GROUPS = 3,	  /* its own members, and those of the groups that are named */
};

/* GROUP.roles */
enum account_role {
	ACCOUNT_ADMIN = 1,	/* may administer the domain from a client */
	ACCOUNT_FEDERATES = 2,	/* may exchange stanzas with remote domains */
};

/* PROFILE.state, FOUND.state */
enum found_state {
	FOUND_NOTHING = 0, /* there is no such account there */
	FOUND_THERE = 1,
	FOUND_LATER = 2, /* the directory has not been read yet */
};

/* WATCH.associations: connections with whom */
enum watch_wish {
	WATCH_NONE = 0,
	WATCH_SERVERS = 1,
	WATCH_ALL = 2, /* clients, too */
};

/* INSTANCE.state */
enum instance_state {
	INSTANCE_UP = 1,
	INSTANCE_DRAINING = 2,
	INSTANCE_SILENT = 3,	 /* it is there and has not answered for some seconds */
	INSTANCE_RESTARTING = 4, /* it has gone a moment ago */
	INSTANCE_GONE = 5,	 /* it has not come back */
};

/* CLOSED.reason */
enum close_reason {
	CLOSE_BY_CLIENT = 1,  /* </stream:stream> */
	CLOSE_LOST = 2,	      /* the TCP connection broke */
	CLOSE_BY_SERVER = 3,  /* a stream error of ours, or KILL */
	CLOSE_SHUTDOWN = 4,   /* c2sd ends or drains */
};

/* RESTORE.flags */
enum restore_flag {
	RESTORE_SM = 1,	      /* with stream management (XEP-0198) */
	RESTORE_TLS = 2,
	RESTORE_BOTH = 8,     /* what goes to that server may take the connection, too (XEP-0288) */
	RESTORE_INACTIVE = 4, /* nobody looks at the client (XEP-0352) */
};

#endif
