/* check store: are the stores whole, and is there room for them to grow? */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "ctl/check/findings.h"
#include "store/inspect.h"
#include "store/stores.h"

#define MIB (1024.0 * 1024.0)

static void look_at_file(struct findings *f, const struct store_place *place)
{
	struct store_state state;
	char path[512];
	int rc;

	store_place_path(place, conf_text(f->conf, "state_dir"), "", path, sizeof path);
	rc = store_inspect(path, &state);
	if (rc == 0)
		found(f, FOUND_OK, path, "The store of %s is whole: schema %" PRId64 ", %.1f MiB.", place->daemon,
			state.version, (double)state.bytes / MIB);
	else if (rc == -ENOENT && place->needed)
		found(f, FOUND_WARNING, path, "There is no store of %s: it is made at the first start.", place->daemon);
	else if (rc != -ENOENT)
		found(f, FOUND_PROBLEM, path, "The store of %s cannot be used (%s): if it is damaged, stop the server and put a "
			"backup back (bulkheadctl restore).", place->daemon, state.why);
}

static void look_at_room(struct findings *f)
{
	const char *dir = conf_text(f->conf, "state_dir");
	struct statvfs fs;
	double free_mib, share;

	if (statvfs(dir, &fs) != 0 || fs.f_blocks == 0) {
		found(f, FOUND_PROBLEM, dir, "The folder of the stores cannot be looked at: %s.", strerror(errno));
		return;
	}
	free_mib = (double)fs.f_bavail * (double)fs.f_frsize / MIB;
	share = 100.0 * (double)fs.f_bavail / (double)fs.f_blocks;
	if (free_mib < 64)
		found(f, FOUND_PROBLEM, dir, "Only %.0f MiB are free: messages cannot be stored soon; make room.", free_mib);
	else if (free_mib < 1024 && share < 5)
		found(f, FOUND_WARNING, dir, "Only %.0f MiB (%.0f %%) are free: make room.", free_mib, share);
	else
		found(f, FOUND_OK, dir, "%.0f MiB are free.", free_mib);
}

void look_at_store(struct findings *f)
{
	for (size_t i = 0; i < store_places_count; i++)
		look_at_file(f, &store_places[i]);
	look_at_room(f);
}
