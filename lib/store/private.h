/*
 * private - the store from inside: the queue (store.c) and the thread (worker.c)
 */
#ifndef BH_STORE_PRIVATE_H
#define BH_STORE_PRIVATE_H

#include "base/buf.h"
#include "base/list.h"
#include "store/database.h"
#include "store/store.h"


/* Inside ops, params and rows; never leaves the process. */
struct param_head {
	uint32_t type; /* enum column_type */
	uint32_t len;
};

struct op_head {
	uint32_t statement;
	uint32_t nparams;
};

struct store_tx {
	struct store *store;
	struct list link;
	struct buf ops;	   /* op_head and params, one after another */
	struct buf params; /* of the next op */
	struct buf rows;   /* of a question */
	uint32_t nparams;
	unsigned changes;
	bool checkpoint; /* instead of ops */
	int rc;
	void (*done)(void *arg, int rc);
	void (*asked)(void *arg, int rc, struct store_rows *rows);
	bool (*page)(void *arg, struct store_rows *rows); /* then done */
	bool is_page; /* of another that is being read: its rows so far */
	void *arg;
};

struct column {
	enum column_type type;
	struct str value;
};

struct store_rows {
	struct str rest;
	struct column columns[COLUMNS_MAX];
};

struct store {
	struct store_spec spec;
	struct database *db; /* the thread's, while it runs */
	uv_thread_t thread;
	uv_async_t async;
	uv_mutex_t lock; /* of queue, completed, stopping, error, page_out, enough */
	uv_cond_t wake, turned;
	struct list queue;	 /* struct store_tx, to be done */
	struct list completed;	 /* to be told on the loop */
	char error[160];	 /* why the last one failed */
	bool stopping, started;
	bool page_out; /* the thread waits for the loop to have it */
	bool enough;   /* and no more of them are wanted */
	size_t backlog; /* the loop's own */
	void (*stopped)(void *arg);
	void *stopped_arg;
};

void store_tx_free(struct store_tx *tx);

/* The thread: until stopping and the queue is empty. */
void store_thread(void *store);

#endif
