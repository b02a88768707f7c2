/* s2sd - carries streams from and to remote servers: DNS, TCP, TLS, XML */
#include "s2sd/s2sd.h"

/* Certificates are read again by a reload, keyd has the keys; the resolver reads its files when it begins. */
static const char *const reads[] = {"domain.certificate", "domain.s2s_certificate", "s2sd.ca", "s2sd.trust_anchor",
	"/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs", NULL};
static const char *const writes[] = {NULL};

static const struct sandbox sandbox = {
	.may = MAY_ACCEPT | MAY_JOIN | MAY_THREAD | MAY_DIAL | MAY_ASK | MAY_VALIDATE,
	.read_paths = reads,
	.write_paths = writes,
	.group = "bulkhead-sign",
	.holds = "TLS sessions, dialback's secret",
	.taken = "lie about remote domains, read what goes to and comes from them, connect to any "
		"address, and have handshakes signed while that lasts; it speaks for no account here",
};

int main(int argc, char **argv)
{
	static const struct daemon_spec spec = {
		.name = "s2sd",
		.job = "carries streams from and to remote servers: DNS, TCP, TLS and XML",
		.sandbox = &sandbox,
		.open = s2sd_open,
		.start = s2sd_start,
		.ready_later = true,
		.prepare = s2sd_prepare,
		.adopt = s2sd_adopt,
		.discard = s2sd_discard,
		.ask_reload = s2sd_ask_reload,
		.stop = s2sd_stop,
	};

	return daemon_main(&spec, argc, argv);
}
