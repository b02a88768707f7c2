/* The gauges of each directory, looked up when somebody asks. */
#include "dirsyncd/monitor.h"

#include "directory/directory.h"
#include "dirsyncd/dirsyncd.h"
#include "dirsyncd/groups.h"
#include "dirsyncd/mirror.h"
#include "dirsyncd/sharing.h"

/* Of the people and of the groups, whichever is further behind. */
static uint64_t lag_of(const struct dirsyncd *s, size_t i)
{
	const struct groups *groups = sharing_groups(s->sharings[i]);
	uint64_t people = progress_lag(mirror_progress(s->mirrors[i])), theirs = 0;

	if (groups != NULL)
		theirs = progress_lag(groups_progress(groups));
	return theirs > people ? theirs : people;
}

static void put_directory(struct buf *out, const struct dirsyncd *s, size_t i)
{
	const struct mirror *m = s->mirrors[i];
	const size_t held = mirror_knowns(m)->held;
	const struct counter gauges[] = {
		{.name = "directory_accounts", .kind = GAUGE, .about = "Accounts of a directory",
			.value = mirror_knowns(m)->by_name.count},
		{.name = "directory_held", .kind = GAUGE, .about = "Accounts that are gone from a directory and held by its brake",
			.value = held},
		{.name = "ldap_sync_lag_seconds", .kind = GAUGE, .about = "For how long a directory has not been known to be as it is",
			.value = lag_of(s, i) / 1000},
		{.name = "ldap_brake", .kind = GAUGE, .about = "1 while the brake of a directory holds accounts", .value = held > 0},
	};

	for (size_t k = 0; k < sizeof gauges / sizeof gauges[0]; k++)
		counter_put(out, &gauges[k], "directory", mirror_directory(m)->name);
}

static void put_directories(void *arg, struct buf *out)
{
	const struct dirsyncd *s = arg;

	for (size_t i = 0; i < s->nmirrors; i++)
		put_directory(out, s, i);
}

void monitor_start(struct dirsyncd *s)
{
	s->directories = (struct counter_source){.look = put_directories, .arg = s};
	counter_enrol_source(&s->directories);
}

void monitor_stop(struct dirsyncd *s)
{
	counter_forget_source(&s->directories);
}
