/* c2sd - carries client streams: TCP, TLS, XML */
#include "c2sd/c2sd.h"

/* Certificates are read again by a reload; keyd has the keys. */
static const char *const reads[] = {"domain.certificate", "c2sd.client_ca", NULL};
static const char *const writes[] = {NULL};
static const int calls[] = {-1};

static const struct sandbox sandbox = {
	.syscalls = calls,
	.read_paths = reads,
	.write_paths = writes,
	.inet = true,
	.group = "bulkhead-sign",
};

int main(int argc, char **argv)
{
	static const struct daemon_spec spec = {
		.name = "c2sd",
		.job = "carries client streams: TCP, TLS and XML",
		.sandbox = &sandbox,
		.open = c2sd_open,
		.start = c2sd_start,
		.ready_later = true,
		.prepare = c2sd_prepare,
		.adopt = c2sd_adopt,
		.discard = c2sd_discard,
		.ask_reload = c2sd_ask_reload,
		.stop = c2sd_stop,
	};

	return daemon_main(&spec, argc, argv);
}
