/* restore: the stores of a backup take the place of those of an instance that does not run. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "conf/conf.h"
#include "ctl/backup/manifest.h"
#include "ctl/ctl.h"
#include "ctl/query.h"
#include "daemon/daemon.h"
#include "store/copy.h"
#include "store/inspect.h"

#define NEW ".restoring"

struct restore {
	const struct ctl *ctl;
	const char *state;  /* state_dir */
	const char *folder; /* the backup */
	struct manifest manifest;
};

/* ---- is the backup good? ------------------------------------------------------------------------- */

static int open_copy(const struct restore *r, const struct manifest_entry *e, char path[PATH_MAX])
{
	int fd;

	snprintf(path, PATH_MAX, "%s/%s", r->folder, e->place->file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		(void)complain(EXIT_FAILED, "%s: %s", path, strerror(errno));
	return fd;
}

static int examine(const struct restore *r, const struct manifest_entry *e)
{
	struct store_state state;
	char path[PATH_MAX];
	int fd = open_copy(r, e, path), rc;

	if (fd < 0)
		return EXIT_FAILED;
	rc = manifest_compare(e, fd, path);
	close(fd);
	if (rc != EXIT_OK)
		return rc;
	if (store_examine(path, &state) != 0)
		return complain(EXIT_FAILED, "%s is not whole: %s", path, state.why);
	if (state.version != e->schema)
		return complain(EXIT_FAILED, "%s has not the schema that the manifest says: the backup is damaged", path);
	if (e->schema > e->place->schema)
		return complain(EXIT_FAILED, "%s: its schema is %" PRId64 ", this version knows up to %d; it was made by a newer "
			"Bulkhead (%s)", path, e->schema, e->place->schema, r->manifest.version);
	return EXIT_OK;
}

static int examine_all(struct restore *r)
{
	int rc = manifest_read(&r->manifest, r->folder);

	for (size_t i = 0; i < store_places_count && rc == EXIT_OK; i++)
		if (store_places[i].needed && manifest_find(&r->manifest, &store_places[i]) == NULL)
			rc = complain(EXIT_FAILED, "%s has no %s", r->folder, store_places[i].file);
	for (size_t i = 0; i < r->manifest.n && rc == EXIT_OK; i++)
		rc = examine(r, &r->manifest.stores[i]);
	return rc;
}

/* ---- does nobody run? ---------------------------------------------------------------------------- */

static bool is_listening(const struct ctl *ctl)
{
	struct query q;
	int rc;

	complain_silently(true);
	rc = query_ask(ctl, "status", STR_NONE, &q);
	complain_silently(false);
	result_fini(&q.result);
	return rc != EXIT_NOT_RUNNING;
}

/* What was in the logs of the stores is in them then, and nothing is behind them. */
static int check_rest(const struct restore *r)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < store_places_count; i++) {
		store_place_path(&store_places[i], r->state, "", path, sizeof path);
		if (store_rest(path) != 0)
			return complain(EXIT_FAILED, "somebody has %s open: stop %s first", path, store_places[i].daemon);
	}
	return EXIT_OK;
}

/* ---- the mark: no daemon starts while it is there ------------------------------------------------ */

static void mark_path(const struct restore *r, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/" DAEMON_RESTORING, r->state);
}

static int sync_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd >= 0 && fsync(fd) == 0 ? EXIT_OK : complain(EXIT_FAILED, "%s: %s", path, strerror(errno));

	if (fd >= 0)
		close(fd);
	return rc;
}

/* *was: it was there already, from a restore that did not end. */
static int set_mark(const struct restore *r, bool *was)
{
	char path[PATH_MAX];
	int fd;

	(void)mkdir(r->state, 0755);
	mark_path(r, path);
	*was = access(path, F_OK) == 0;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return complain(errno == EACCES ? EXIT_NOT_AUTHORISED : EXIT_FAILED, "%s: %s", path, strerror(errno));
	close(fd);
	return sync_folder(r->state);
}

static int remove_mark(const struct restore *r)
{
	char path[PATH_MAX];

	mark_path(r, path);
	if (unlink(path) != 0)
		return complain(EXIT_FAILED, "%s: %s", path, strerror(errno));
	return sync_folder(r->state);
}

/* ---- beside the old ones ------------------------------------------------------------------------- */

/* The daemon's own folder says whose its files are. */
static int find_owner(const struct restore *r, const struct store_place *place, struct stat *st)
{
	char path[PATH_MAX];
	uid_t uid;
	gid_t gid;
	int rc = 0;

	snprintf(path, sizeof path, "%s/%s", r->state, place->daemon);
	daemon_user(place->daemon, &uid, &gid);
	if (mkdir(path, 0700) == 0 && uid != (uid_t)-1)
		rc = chown(path, uid, gid);
	if (rc != 0 || stat(path, st) != 0)
		return complain(EXIT_FAILED, "%s: %s", path, strerror(errno));
	return EXIT_OK;
}

static bool copy_bytes(int from, int to)
{
	char part[65536];
	ssize_t n;

	while ((n = read(from, part, sizeof part)) > 0)
		for (ssize_t done = 0, m; done < n; done += m)
			if ((m = write(to, part + done, (size_t)(n - done))) < 0)
				return false;
	return n == 0;
}

/* What is on the disk then is held against the manifest once more. */
static int fill(const struct manifest_entry *e, int from, int to, const char *path, const struct stat *owner)
{
	if (!copy_bytes(from, to) || (geteuid() == 0 && fchown(to, owner->st_uid, owner->st_gid) != 0) || fsync(to) != 0)
		return complain(EXIT_FAILED, "%s: %s", path, strerror(errno));
	return manifest_compare(e, to, path);
}

static int bring_from(const struct restore *r, const struct manifest_entry *e, int from)
{
	struct stat owner = {.st_uid = 0};
	char path[PATH_MAX];
	int to, rc = find_owner(r, e->place, &owner);

	if (rc != EXIT_OK)
		return rc;
	store_place_path(e->place, r->state, NEW, path, sizeof path);
	(void)unlink(path);
	to = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (to < 0)
		return complain(EXIT_FAILED, "%s: %s", path, strerror(errno));
	rc = fill(e, from, to, path, &owner);
	close(to);
	return rc;
}

static int bring(const struct restore *r, const struct manifest_entry *e)
{
	char path[PATH_MAX];
	int from = open_copy(r, e, path), rc;

	if (from < 0)
		return EXIT_FAILED;
	rc = bring_from(r, e, from);
	close(from);
	return rc;
}

static void forget_new(const struct restore *r)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < store_places_count; i++) {
		store_place_path(&store_places[i], r->state, NEW, path, sizeof path);
		(void)unlink(path);
	}
}

/* ---- in their place ------------------------------------------------------------------------------ */

/* A log of the old one would be taken for one of the new. */
static int put_in_place(const struct restore *r, const struct store_place *place)
{
	static const char *const behind[] = {"-wal", "-shm", "-journal"};
	char path[PATH_MAX], fresh[PATH_MAX];
	bool there = manifest_find(&r->manifest, place) != NULL;

	for (size_t i = 0; i < sizeof behind / sizeof behind[0]; i++) {
		store_place_path(place, r->state, behind[i], path, sizeof path);
		(void)unlink(path);
	}
	store_place_path(place, r->state, "", path, sizeof path);
	store_place_path(place, r->state, NEW, fresh, sizeof fresh);
	if (there ? rename(fresh, path) != 0 : unlink(path) != 0 && errno != ENOENT)
		return complain(EXIT_FAILED, "%s: %s; repeat the restore when that is mended: until then no daemon starts", path,
			strerror(errno));
	snprintf(path, sizeof path, "%s/%s", r->state, place->daemon);
	return there ? sync_folder(path) : EXIT_OK;
}

/* The mark first: who is not there now does not come before the end. */
static int replace(const struct restore *r)
{
	bool was = false;
	int rc = is_listening(r->ctl) ? complain(EXIT_FAILED, "Bulkhead is running: stop it first") : set_mark(r, &was);

	if (rc != EXIT_OK)
		return rc;
	rc = check_rest(r);
	for (size_t i = 0; i < r->manifest.n && rc == EXIT_OK; i++)
		rc = bring(r, &r->manifest.stores[i]);
	if (rc != EXIT_OK) {
		forget_new(r);
		if (!was)
			(void)remove_mark(r); /* the old ones are as they were */
		return rc;
	}
	for (size_t i = 0; i < store_places_count && rc == EXIT_OK; i++)
		rc = put_in_place(r, &store_places[i]);
	return rc == EXIT_OK ? remove_mark(r) : rc;
}

int run_restore(const struct call *call)
{
	bool dry = has_option(call->ctl, OPTION_DRY_RUN);
	struct restore r = {.ctl = call->ctl, .folder = call->argv[0]};
	struct conf *conf = NULL;
	int rc;

	if (call->ctl->read_only && !dry)
		return complain(EXIT_NOT_AUTHORISED, "a restore changes everything, and --read-only is for those who only look");
	rc = load_conf(call->ctl, &conf);
	if (rc != EXIT_OK)
		return rc;
	r.state = conf_text(conf, "state_dir");
	rc = examine_all(&r);
	if (rc == EXIT_OK && !dry)
		rc = replace(&r);
	if (rc == EXIT_OK)
		manifest_show(&r.manifest, call);
	conf_free(&conf);
	return rc;
}
