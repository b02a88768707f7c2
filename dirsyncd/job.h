/*
 * job - a question of an administrator's that a directory has to be asked for
 *
 * It waits on a thread, never on the loop, and then for the loop, which knows the mirror.
 */
#ifndef DIRSYNCD_JOB_H
#define DIRSYNCD_JOB_H

#include "base/records.h"
#include "directory/connection.h"
#include "dirsyncd/answer.h"
#include "dirsyncd/mirror.h"
#include "xmpp/jid.h"

struct job;

struct job_kind {
	const char *columns;
	void (*ask)(struct job *j);			   /* on the thread */
	void (*finish)(struct job *j, struct mirror *m); /* on the loop; the mirror may have gone meanwhile: NULL */
	bool all;					 /* then the next directory, in the same answer */
};

struct job {
	uv_work_t work;
	struct dirsyncd *owner;
	const struct job_kind *kind;
	struct directory *directory;
	struct answer *answer;
	char account[JID_MAX + 1]; /* prepared; or empty */
	struct jid jid;		   /* of that */
	struct records found;	   /* whatever the thread has for the loop */
	int rc;
	char why[DIRCONN_WHY_SIZE];
};

/* Of a mirror's directory, with an answer to a request; account may be absent. */
void job_start(struct dirsyncd *d, uint64_t subject, const struct job_kind *kind, struct mirror *m, struct str account);
/* On the thread, now and then: is that to end, since we do? */
bool job_is_over(const struct job *j);

extern const struct job_kind job_test, job_explain, job_diff, job_diff_all;

#endif
