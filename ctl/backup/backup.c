/* backup: the stores as they were at one moment, in a folder that has its name when all of it is there. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "conf/conf.h"
#include "ctl/backup/manifest.h"
#include "ctl/ctl.h"
#include "store/copy.h"
#include "store/inspect.h"

struct backup {
	const char *state; /* state_dir */
	char folder[PATH_MAX]; /* where it is made */
	struct store_snapshot *snapshots[STORES_MAX]; /* of manifest.stores */
	struct manifest manifest;
};

/* ---- the stores ---------------------------------------------------------------------------------- */

static int open_snapshot(struct backup *b, const struct store_place *place)
{
	char path[PATH_MAX], why[256];

	store_place_path(place, b->state, "", path, sizeof path);
	if (access(path, R_OK) != 0 && errno == ENOENT && !place->needed)
		return EXIT_OK;
	if (access(path, R_OK) != 0)
		return complain(errno == EACCES ? EXIT_NOT_AUTHORISED : EXIT_FAILED, "%s cannot be read: %s", path,
			strerror(errno));
	if (store_snapshot_open(path, &b->snapshots[b->manifest.n], why, sizeof why) != 0)
		return complain(EXIT_FAILED, "%s cannot be read: %s", path, why);
	b->manifest.stores[b->manifest.n++].place = place;
	return EXIT_OK;
}

/* One after the other, within a moment, in the order of the table; copying comes after. */
static int open_snapshots(struct backup *b)
{
	int rc = EXIT_OK;

	for (size_t i = 0; i < store_places_count && rc == EXIT_OK; i++)
		rc = open_snapshot(b, &store_places[i]);
	clock_stamp(clock_wall(), b->manifest.date);
	snprintf(b->manifest.version, sizeof b->manifest.version, "%s", BULKHEAD_VERSION);
	return rc;
}

/* A copy that was made is a good one. */
static int note(struct manifest_entry *e, const char *path)
{
	struct store_state state;
	int fd, rc;

	if (store_examine(path, &state) != 0)
		return complain(EXIT_FAILED, "the copy %s is not whole: %s; is the store (bulkheadctl check store)?", path, state.why);
	e->schema = state.version;
	e->bytes = state.bytes;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	rc = fd >= 0 ? digest_sha256_file(fd, e->digest) : -errno;
	if (fd >= 0)
		close(fd);
	return rc == 0 ? EXIT_OK : complain(EXIT_FAILED, "%s: %s", path, bh_strerror(rc));
}

/* Its snapshot is closed as soon as it is not needed: meanwhile the store's log grows. */
static int copy_store(struct backup *b, size_t i)
{
	struct manifest_entry *e = &b->manifest.stores[i];
	char path[PATH_MAX + 64], why[256];
	int rc;

	snprintf(path, sizeof path, "%s/%s", b->folder, e->place->file);
	rc = store_snapshot_write(b->snapshots[i], path, why, sizeof why);
	store_snapshot_close(&b->snapshots[i]);
	return rc == 0 ? note(e, path) : complain(EXIT_FAILED, "%s: %s", path, why);
}

static int copy_stores(struct backup *b)
{
	int rc = open_snapshots(b);

	for (size_t i = 0; i < b->manifest.n && rc == EXIT_OK; i++)
		rc = copy_store(b, i);
	for (size_t i = 0; i < b->manifest.n; i++)
		store_snapshot_close(&b->snapshots[i]);
	return rc == EXIT_OK ? manifest_write(&b->manifest, b->folder) : rc;
}

/* ---- the folder ---------------------------------------------------------------------------------- */

static void remove_folder(const struct backup *b)
{
	char path[PATH_MAX + 64];

	for (size_t i = 0; i < store_places_count; i++) {
		snprintf(path, sizeof path, "%s/%s", b->folder, store_places[i].file);
		(void)unlink(path);
	}
	snprintf(path, sizeof path, "%s/manifest", b->folder);
	(void)unlink(path);
	(void)rmdir(b->folder);
}

static void sync_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)fsync(fd);
	close(fd);
}

static int give_name(const struct backup *b, const char *name)
{
	char parent[PATH_MAX + 4];

	sync_folder(b->folder);
	if (renameat2(AT_FDCWD, b->folder, AT_FDCWD, name, RENAME_NOREPLACE) != 0)
		return complain(errno == EEXIST ? EXIT_CONFLICT : EXIT_FAILED, "%s: %s", name, strerror(errno));
	snprintf(parent, sizeof parent, "%s/..", name);
	sync_folder(parent);
	return EXIT_OK;
}

static int back_up(struct backup *b, const char *name)
{
	struct stat st;
	int rc;

	if (lstat(name, &st) == 0)
		return complain(EXIT_CONFLICT, "%s exists already", name);
	snprintf(b->folder, sizeof b->folder, "%s.XXXXXX", name);
	if (mkdtemp(b->folder) == NULL)
		return complain(EXIT_FAILED, "%s cannot be made: %s", name, strerror(errno));
	rc = copy_stores(b);
	if (rc == EXIT_OK)
		rc = give_name(b, name);
	if (rc != EXIT_OK)
		remove_folder(b);
	return rc;
}

int run_backup(const struct call *call)
{
	struct backup b = {.state = NULL};
	char name[PATH_MAX - 16];
	struct conf *conf = NULL;
	size_t len;
	int rc = load_conf(call->ctl, &conf);

	if (rc != EXIT_OK)
		return rc;
	b.state = conf_text(conf, "state_dir");
	snprintf(name, sizeof name, "%s", call->argv[0]);
	for (len = strlen(name); len > 1 && name[len - 1] == '/'; len--)
		name[len - 1] = '\0';
	rc = back_up(&b, name);
	if (rc == EXIT_OK)
		manifest_show(&b.manifest, call);
	conf_free(&conf);
	return rc;
}
