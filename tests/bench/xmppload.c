/* xmppload - puts load on an XMPP server over real TLS and SCRAM and measures it. */
#include "base/exits.h"
#include "tests/bench/modes.h"

#include <signal.h>
#include <string.h>

static const struct {
	const char *name;
	int (*run)(const struct options *o);
} modes[] = {
	{"throughput", mode_throughput},
	{"idle", mode_idle},
	{"logins", mode_logins},
	{"presence", mode_presence},
	{"contacts_login", mode_contacts_login},
	{"offline", mode_offline},
	{"roster", mode_roster},
	{"restart", mode_restart},
	{"abuse", mode_abuse},
};

int main(int argc, char **argv)
{
	struct options o;

	signal(SIGPIPE, SIG_IGN);
	if (options_parse(&o, argc, argv) < 0) {
		options_usage();
		return EXIT_USAGE;
	}
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(o.mode, modes[i].name) == 0)
			return modes[i].run(&o);
	}
	options_usage();
	return EXIT_USAGE;
}
