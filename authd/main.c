/* bulkhead-authd - decides who somebody is, and keeps the accounts */
#include "authd/authd.h"

/* Secrets are read again by a reload. */
static const char *const read_paths[] = {"component.secret", NULL};
static const char *const write_paths[] = {"state", NULL};

static const struct sandbox sandbox = {
	.may = MAY_JOIN | MAY_THREAD | MAY_STORE,
	.read_paths = read_paths,
	.write_paths = write_paths,
	.directories = true,
	.locks_memory = true,
	.keytab = "authd.keytab",
	.holds = "SCRAM keys of all accounts, secrets of components, our password at a directory, "
		"keytabs",
	.taken = "let in whoever it likes, as whomever, and take the SCRAM keys along; it hears of no "
		"stanza, and without directories it reaches no network",
};

int main(int argc, char **argv)
{
	static const struct daemon_spec spec = {
		.name = "authd",
		.job = "decides who somebody is, and keeps the accounts",
		.sandbox = &sandbox,
		.open = authd_open,
		.start = authd_start,
		.prepare = authd_prepare,
		.adopt = authd_adopt,
		.discard = authd_discard,
		.ask_reload = authd_ask_reload,
		.stop = authd_stop,
	};

	return daemon_main(&spec, argc, argv);
}
