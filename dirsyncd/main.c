/* bulkhead-dirsyncd - follows the directories, and says what has changed there */
#include "dirsyncd/dirsyncd.h"

static const char *const read_paths[] = {NULL};
static const char *const write_paths[] = {"state", NULL};

static const struct sandbox sandbox = {
	.may = MAY_JOIN | MAY_THREAD | MAY_STORE,
	.read_paths = read_paths,
	.write_paths = write_paths,
	.directories = true,
	.locks_memory = true,
	.holds = "our password at a directory, keytabs; a copy of who is there",
	.taken = "end anybody's sessions, and lie about groups and profiles; it lets nobody in, and "
		"hears of no stanza",
};

int main(int argc, char **argv)
{
	static const struct daemon_spec spec = {
		.name = "dirsyncd",
		.job = "follows the directories, and says what has changed there",
		.sandbox = &sandbox,
		.open = dirsyncd_open,
		.start = dirsyncd_start,
		.prepare = dirsyncd_prepare,
		.adopt = dirsyncd_adopt,
		.discard = dirsyncd_discard,
		.ask_reload = dirsyncd_ask_reload,
		.stop = dirsyncd_stop,
	};

	return daemon_main(&spec, argc, argv);
}
