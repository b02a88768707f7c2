/* keyd - has the TLS private keys, and signs handshakes with them for the front ends */
#include "keyd/keyd.h"

/* Keys are read again by a reload, and held against their certificates. */
static const char *const reads[] = {
	"domain.certificate", "domain.key", "domain.s2s_certificate", "domain.s2s_key", NULL};
static const char *const writes[] = {NULL};
static const int calls[] = {-1};

static const struct sandbox sandbox = {
	.syscalls = calls,
	.read_paths = reads,
	.write_paths = writes,
	.group = "bulkhead-tls",
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
