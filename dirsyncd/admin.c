/* A verb, a function. */
#include "dirsyncd/admin.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/exits.h"
#include "base/list.h"
#include "bus/ctl_answer.h"
#include "bus/ctl_verb.h"
#include "bus/textlist.h"
#include "dirsyncd/groups.h"
#include "dirsyncd/job.h"
#include "dirsyncd/mirror.h"
#include "dirsyncd/sharing.h"

static void fail(const struct ctl_ask *q, unsigned code, const char *why, struct str what)
{
	ctl_end(q->link, q->subject, code, "%.*s%s%s", STR_FMT(what), what.len > 0 ? ": " : "", why);
}

/* ---- ldap.status --------------------------------------------------------------------------- */

/* What is followed by a thread of its own. */
struct part {
	const char *directory, *part;
	const struct progress *progress;
	size_t entries, held;
};

static void status_row(struct answer *a, const struct part *p)
{
	const struct progress *progress = p->progress;
	char changed[CLOCK_STAMP_SIZE] = "-";

	if (progress->changed != 0)
		clock_stamp(progress->changed, changed);
	answer_cell(a, "%s", p->directory);
	answer_cell(a, "%s", p->part);
	answer_cell(a, "%s", progress->server != NULL ? progress->server : "-");
	answer_cell(a, "%s", p->held > 0 ? "braked" : progress_state(progress));
	answer_cell(a, "%zu", p->entries);
	answer_cell(a, "%zu", p->held);
	answer_cell(a, "%s", changed);
	if (progress->up_to_ms == 0)
		answer_cell(a, "-");
	else
		answer_cell(a, "%" PRIu64, progress_lag(progress));
	if (progress->why != NULL)
		answer_cell(a, "%s", progress->why);
	else
		answer_cell(a, "%s", p->held > 0 ? "too many vanished at once: ldap sync --accept lets them go" : "");
	answer_row(a);
}

static void status(struct answer *a, const struct mirror *m, const struct groups *groups)
{
	const char *name = mirror_directory(m)->name;

	status_row(a, &(struct part){
		.directory = name,
		.part = "people",
		.progress = mirror_progress(m),
		.entries = mirror_knowns(m)->by_uuid.count,
		.held = mirror_knowns(m)->held,
	});
	if (groups != NULL)
		status_row(a, &(struct part){
			.directory = name,
			.part = "groups",
			.progress = groups_progress(groups),
			.entries = groups_count(groups),
		});
}

static void verb_status(const struct ctl_ask *q)
{
	struct dirsyncd *d = q->owner;
	struct answer *a = answer_create(d, q->subject, "directory part server state entries held since lag why");

	for (size_t i = 0; i < d->nmirrors; i++)
		status(a, d->mirrors[i], sharing_groups(d->sharings[i]));
	answer_send(d, &a);
}

/* ---- ldap.sync ----------------------------------------------------------------------------- */

struct sync_order {
	struct str directory; /* absent: all */
	bool accept, full;
};

/* false: it has been answered. */
static bool read_sync(const struct ctl_ask *q, struct sync_order *order)
{
	struct dirsyncd *d = q->owner;
	struct str args = q->args, arg;

	*order = (struct sync_order){STR_NONE, false, false};
	while (textlist_take(&args, &arg)) {
		if (str_is(arg, "--accept"))
			order->accept = true;
		else if (str_is(arg, "--full"))
			order->full = true;
		else
			order->directory = arg;
	}
	if (order->directory.p == NULL || dirsyncd_mirror(d, order->directory) != NULL)
		return true;
	fail(q, EXIT_NOT_FOUND, "there is no directory of that name", order->directory);
	return false;
}

/* How many were held, and have gone. */
static size_t sync_one(const struct sync_order *order, struct mirror *m, struct groups *groups)
{
	size_t accepted = order->accept ? mirror_accept(m) : 0;

	if (order->accept && !order->full)
		return accepted;
	mirror_again(m, order->full);
	if (groups != NULL)
		groups_again(groups, order->full);
	return accepted;
}

static void verb_sync(const struct ctl_ask *q)
{
	struct dirsyncd *d = q->owner;
	struct sync_order order;
	size_t accepted = 0;

	if (!read_sync(q, &order))
		return;
	for (size_t i = 0; i < d->nmirrors; i++) {
		struct mirror *m = d->mirrors[i];

		if (order.directory.p == NULL || str_is(order.directory, mirror_directory(m)->name))
			accepted += sync_one(&order, m, sharing_groups(d->sharings[i]));
	}
	if (order.accept)
		ctl_end(q->link, q->subject, EXIT_OK, "%zu accounts were held, and have gone", accepted);
	else
		ctl_end(q->link, q->subject, EXIT_OK, "%s", "it is being read: see ldap status");
}

/* ---- user.list ----------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	const struct known *const *x = a, *const *y = b;

	return strcmp((*x)->person.local, (*y)->person.local);
}

/* The first of each name, in order; the caller frees the array. */
static const struct known **sorted(const struct knowns *all, size_t *n)
{
	const struct known **list = calloc(all->by_name.count + 1, sizeof(struct known *));
	struct map_walk walk;
	struct map_node *node;

	*n = 0;
	if (list == NULL)
		return NULL;
	map_walk_start(&walk, &all->by_name);
	while ((node = map_walk_next(&walk)) != NULL)
		list[(*n)++] = container_of(node, struct known, by_name);
	qsort(list, *n, sizeof(struct known *), by_name);
	return list;
}

static void list_domain(struct answer *a, const struct mirror *m, const char *domain)
{
	char since[CLOCK_STAMP_SIZE];
	size_t n;
	const struct known **list = sorted(mirror_knowns(m), &n);

	for (size_t i = 0; i < n; i++) {
		clock_stamp(list[i]->since, since);
		answer_cell(a, "%s@%s", list[i]->person.local, domain);
		answer_cell(a, "%s", list[i]->held ? "held" : list[i]->person.locked ? "disabled" : "enabled");
		answer_cell(a, "%s", since);
		answer_cell(a, "%s", "");
		answer_row(a);
	}
	free(list);
}

/* One domain as the administrator writes it; or all. */
static void verb_user_list(const struct ctl_ask *q)
{
	struct dirsyncd *d = q->owner;
	struct answer *a = answer_create(d, q->subject, "account state created reason");
	char wanted[JID_PART_MAX + 1] = "";
	struct str args = q->args, arg = STR_NONE;
	const char *domain;
	size_t len;

	if (textlist_take(&args, &arg) && jid_prepare_domain(arg, wanted, &len) == 0)
		wanted[len] = '\0';
	if (arg.len > 0 && dirsyncd_mirror_of(d, str_of(wanted)) == NULL)
		answer_end(a, EXIT_NOT_FOUND, "%.*s: that is no domain of a directory", STR_FMT(arg));
	for (size_t i = 0; i < d->nmirrors; i++)
		for (size_t k = 0; (domain = mirror_domain(d->mirrors[i], k)) != NULL; k++)
			if (arg.len == 0 || strcmp(domain, wanted) == 0)
				list_domain(a, d->mirrors[i], domain);
	answer_send(d, &a);
}

/* ---- what a directory has to be asked for --------------------------------------------------- */

static void ask_of_account(const struct ctl_ask *q, const struct job_kind *kind)
{
	struct dirsyncd *d = q->owner;
	struct str args = q->args, arg = STR_NONE;
	char text[JID_MAX + 1];
	struct mirror *m;
	struct jid jid;

	if (!textlist_take(&args, &arg) || jid_prepare(arg, text, &jid) != 0 || jid.local.p == NULL) {
		fail(q, EXIT_USAGE, "that is no address of an account", arg);
		return;
	}
	m = dirsyncd_mirror_of(d, jid.domain);
	if (m == NULL)
		fail(q, EXIT_NOT_FOUND, "accounts of that domain are in no directory", jid.domain);
	else
		job_start(d, q->subject, kind, m, jid.bare);
}

static void verb_test(const struct ctl_ask *q)
{
	ask_of_account(q, &job_test);
}

static void verb_explain(const struct ctl_ask *q)
{
	ask_of_account(q, &job_explain);
}

static void verb_diff(const struct ctl_ask *q)
{
	struct dirsyncd *d = q->owner;
	struct str args = q->args, name = STR_NONE;
	bool all = !textlist_take(&args, &name);
	struct mirror *m = all ? dirsyncd_mirror_after(d, NULL) : dirsyncd_mirror(d, name);

	if (m == NULL)
		fail(q, EXIT_NOT_FOUND, all ? "there is no directory" : "there is no directory of that name", name);
	else
		job_start(d, q->subject, all ? &job_diff_all : &job_diff, m, STR_NONE);
}

int on_ctl_request(const struct bus_event *event)
{
	static const struct ctl_verb verbs[] = {
		{"ldap.status", verb_status}, {"ldap.sync", verb_sync}, {"ldap.diff", verb_diff}, {"ldap.test", verb_test},
		{"ldap.explain", verb_explain}, {"user.list", verb_user_list}, {NULL, NULL},
	};

	return ctl_run(event, verbs, "dirsyncd");
}
