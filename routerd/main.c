/* routerd - the switch: who is connected, and where a stanza goes */
#include "routerd/routerd.h"

static const char *const reads[] = {NULL};
static const char *const writes[] = {"state", NULL};

static const struct sandbox sandbox = {
	.may = MAY_ACCEPT | MAY_THREAD | MAY_STORE,
	.read_paths = reads,
	.write_paths = writes,
	.holds = "messages, rosters, vCards, dialback's secret, the keys that show which stanzas are its own, and "
		"passwords that pass through by PLAIN",
	.taken = "read, forge and lose every stanza, and change what accounts keep here; no key, no "
		"stored password, and it reaches no network",
};

int main(int argc, char **argv)
{
	static const struct daemon_spec spec = {
		.name = "routerd",
		.job = "routes stanzas between the daemons, and knows who is connected",
		.sandbox = &sandbox,
		.open = routerd_open,
		.start = routerd_start,
		.ready_later = true,
		.adopt = routerd_adopt,
		.ask_reload = routerd_ask_reload,
		.stop = routerd_stop,
	};

	return daemon_main(&spec, argc, argv);
}
