/* libuv's threads, and back to the loop. */
#include "dirsyncd/job.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/exits.h"

static void run(uv_work_t *work)
{
	struct job *j = work->data;

	j->kind->ask(j);
}

static void on_done(uv_work_t *work, int status);

static void begin(struct job *j, struct mirror *m)
{
	j->directory = directory_ref(mirror_directory(m));
	if (uv_queue_work(j->owner->daemon->loop, &j->work, run, on_done) != 0)
		on_done(&j->work, UV_ECANCELED);
}

/* false: it was the last directory. */
static bool go_on(struct job *j)
{
	struct mirror *next = j->kind->all ? dirsyncd_mirror_after(j->owner, j->directory->name) : NULL;

	if (next == NULL)
		return false;
	records_fini(&j->found);
	directory_unref(&j->directory);
	begin(j, next);
	return true;
}

static void on_done(uv_work_t *work, int status)
{
	struct job *j = work->data;
	struct dirsyncd *d = j->owner;

	if (status != 0 || job_is_over(j)) {
		answer_end(j->answer, EXIT_TEMPORARY, "dirsyncd ends");
	} else {
		j->kind->finish(j, dirsyncd_mirror(d, str_of(j->directory->name)));
		if (go_on(j))
			return;
	}
	answer_send(d, &j->answer);
	records_fini(&j->found);
	directory_unref(&j->directory);
	free(j);
	dirsyncd_release(d);
}

void job_start(struct dirsyncd *d, uint64_t subject, const struct job_kind *kind, struct mirror *m, struct str account)
{
	struct job *j = bh_alloc(sizeof *j);

	j->owner = d;
	j->kind = kind;
	j->answer = answer_create(d, subject, kind->columns);
	j->found = RECORDS_INIT;
	j->work.data = j;
	if (account.len < sizeof j->account)
		memcpy(j->account, account.p != NULL ? account.p : "", account.len);
	jid_split(str_of(j->account), &j->jid);
	dirsyncd_hold(d);
	begin(j, m);
}

bool job_is_over(const struct job *j)
{
	return atomic_load(&j->owner->stopping);
}
