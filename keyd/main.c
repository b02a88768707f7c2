/* keyd - has the TLS private keys, and signs handshakes with them for the front ends */
#include <sys/syscall.h>

#include "keyd/keyd.h"

/* Keys are read again by a reload, and held against their certificates. */
static const char *const reads[] = {
	"domain.certificate", "domain.key", "domain.s2s_certificate", "domain.s2s_key", NULL};
static const char *const writes[] = {NULL};
/* Of the keys, when they have been read again: into no swap space, and no dump. */
static const int calls[] = {SYS_mlock, SYS_madvise, -1};

static const struct sandbox sandbox = {
	.may = MAY_ACCEPT | MAY_JOIN,
	.syscalls = calls,
	.read_paths = reads,
	.write_paths = writes,
	.locks_memory = true,
	.group = "bulkhead-tls",
	.holds = "the private keys of all domains",
	.taken = "sign any handshake as any domain here, and take the keys along; it hears of no "
		"stanza and no password, and of all daemons reaches routerd, to whom it can say nothing of weight",
};

int main(int argc, char **argv)
{
	static const struct daemon_spec spec = {
		.name = "keyd",
		.job = "has the TLS private keys, and signs handshakes with them",
		.sandbox = &sandbox,
		.open = keyd_open,
		.start = keyd_start,
		.prepare = keyd_prepare,
		.adopt = keyd_adopt,
		.discard = keyd_discard,
		.ask_reload = keyd_ask_reload,
		.stop = keyd_stop,
	};

	return daemon_main(&spec, argc, argv);
}
