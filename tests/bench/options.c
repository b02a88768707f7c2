/* The command line: one table of what can be said. */
#include "tests/bench/options.h"

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { TEXT, NUMBER, FLAG, PIDS };

static const struct setting {
	const char *name;
	enum kind kind;
	size_t at;
	const char *help;
} settings[] = {
	{"host", TEXT, offsetof(struct options, server.host), "address of the server (127.0.0.1)"},
	{"port", NUMBER, offsetof(struct options, server.port), "its port, with STARTTLS (5222)"},
	{"domain", TEXT, offsetof(struct options, server.domain), "XMPP domain (localhost)"},
	{"user", TEXT, offsetof(struct options, user), "accounts are this and a number (user)"},
	{"password", TEXT, offsetof(struct options, password), "the password of each (secret)"},
	{"accounts", NUMBER, offsetof(struct options, accounts), "how many there are (100)"},
	{"first", NUMBER, offsetof(struct options, first), "the number of the first (0)"},
	{"mechanism", TEXT, offsetof(struct options, mechanism), "SCRAM-SHA-1 or SCRAM-SHA-256"},
	{"server-pids", PIDS, offsetof(struct options, servers), "whose CPU and memory to read"},
	{"other-host", TEXT, offsetof(struct options, other.host), "throughput: the other server of each pair"},
	{"other-port", NUMBER, offsetof(struct options, other.port), "its port (0: there is none)"},
	{"other-domain", TEXT, offsetof(struct options, other.domain), "its domain"},
	{"other-pids", PIDS, offsetof(struct options, others), "whose CPU to read as well"},
	{"label", TEXT, offsetof(struct options, label), "name of the server in the results"},
	{"inflight", NUMBER, offsetof(struct options, inflight), "logins at a time (64)"},
	{"sources", NUMBER, offsetof(struct options, sources), "local addresses to use (64)"},
	{"source", NUMBER, offsetof(struct options, source), "how many addresses are left out before them (0)"},
	{"kind", TEXT, offsetof(struct options, kind), "abuse: which"},
	{"seconds", NUMBER, offsetof(struct options, seconds), "measured time (10)"},
	{"warmup", NUMBER, offsetof(struct options, warmup), "seconds before it (3)"},
	{"pairs", NUMBER, offsetof(struct options, pairs), "throughput: pairs of clients (50)"},
	{"window", NUMBER, offsetof(struct options, window), "throughput: outstanding each; contacts_login: at a time (8)"},
	{"body", NUMBER, offsetof(struct options, body), "throughput, offline: bytes of body (100)"},
	{"rate", NUMBER, offsetof(struct options, rate), "throughput: messages/s, open loop; abuse: connections/s"},
	{"sm", FLAG, offsetof(struct options, sm), "throughput: with stream management"},
	{"trace", FLAG, offsetof(struct options, trace), "throughput: a line for each message, due and latency in ns"},
	{"coalesce", FLAG, offsetof(struct options, coalesce), "throughput: many in a record"},
	{"connections", NUMBER, offsetof(struct options, connections), "idle, abuse: how many (5000)"},
	{"few", NUMBER, offsetof(struct options, few), "idle: where the slope begins (100)"},
	{"victim", NUMBER, offsetof(struct options, victim), "restart: the process to kill"},
	{"settle", NUMBER, offsetof(struct options, settle), "idle: seconds before reading (5)"},
	{"logins", NUMBER, offsetof(struct options, logins), "logins, contacts_login, abuse: how many (2000)"},
	{"keep", FLAG, offsetof(struct options, keep), "logins, contacts_login: never log out"},
	{"contacts", NUMBER, offsetof(struct options, contacts), "who see each other (100)"},
	{"senders", NUMBER, offsetof(struct options, senders), "presence, offline: who send (50)"},
	{"recipients", NUMBER, offsetof(struct options, recipients), "offline: to whom (1000)"},
	{"each", NUMBER, offsetof(struct options, each), "offline: messages to each (100)"},
	{"entries", NUMBER, offsetof(struct options, entries), "roster: its length (1000)"},
};
enum { SETTINGS = sizeof(settings) / sizeof(settings[0]) };

void options_usage(void)
{
	fputs("usage: xmppload throughput|idle|logins|presence|contacts_login|offline|roster|restart|abuse\n"
	      "                [--setting value ...]\n", stderr);
	for (size_t i = 0; i < SETTINGS; i++)
		fprintf(stderr, "  --%-12s %s\n", settings[i].name, settings[i].help);
}

static int put_number(struct options *o, const struct setting *s, const char *value)
{
	char *end;
	unsigned long n = strtoul(value, &end, 10);

	if (end == value || *end != '\0' || n > UINT32_MAX / 2)
		return BH_EINVAL;
	*(unsigned *)(void *)((char *)o + s->at) = (unsigned)n;
	return 0;
}

static int put(struct options *o, const struct setting *s, const char *value)
{
	void *at = (char *)o + s->at;

	switch (s->kind) {
	case TEXT:
		*(const char **)at = value;
		return 0;
	case NUMBER:
		return put_number(o, s, value);
	case FLAG:
		*(bool *)at = true;
		return 0;
	case PIDS:
		return proc_parse(value, at);
	}
	return BH_EINVAL;
}

static const struct setting *find(const char *arg)
{
	if (strncmp(arg, "--", 2) != 0)
		return NULL;
	for (size_t i = 0; i < SETTINGS; i++) {
		if (strcmp(arg + 2, settings[i].name) == 0)
			return &settings[i];
	}
	return NULL;
}

/* Takes one setting; says how many arguments it used, or BH_EINVAL. */
static int take(struct options *o, int argc, char **argv)
{
	const struct setting *s = find(argv[0]);
	bool flag = s != NULL && s->kind == FLAG;

	if (s == NULL || (!flag && argc < 2) || put(o, s, flag ? NULL : argv[1]) < 0) {
		fprintf(stderr, "xmppload: %s: not a setting, or not its value\n", argv[0]);
		return BH_EINVAL;
	}
	return flag ? 1 : 2;
}

static int check(const struct options *o)
{
	if (o->accounts > 0 && o->inflight > 0 && o->sources > 0 && o->pairs > 0 && o->window > 0 &&
		o->seconds > 0 && o->server.port < 65536 && o->other.port < 65536 && o->sources < 60000 && o->few < o->connections &&
		o->body <= 65536 && o->contacts > 0 && o->senders > 0 && o->recipients > 0 &&
		o->each > 0 && o->entries > 0 && o->entries < 5000 && (o->logins > 0 || strcmp(o->mode, "abuse") == 0))
		return 0;
	fputs("xmppload: a number is out of its range\n", stderr);
	return BH_EINVAL;
}

int options_parse(struct options *o, int argc, char **argv)
{
	*o = (struct options){
		.server = {"127.0.0.1", "localhost", 5222}, .other = {"127.0.0.1", "localhost", 0}, .user = "user", .password = "secret",
		.label = "server", .kind = "silent", .accounts = 100, .inflight = 64, .sources = 64,
		.seconds = 10, .warmup = 3, .settle = 5, .pairs = 50, .window = 8, .body = 100,
		.connections = 5000, .few = 100, .logins = 2000,
		.contacts = 100, .senders = 50, .recipients = 1000, .each = 100, .entries = 1000,
	};
	if (argc < 2)
		return BH_EINVAL;
	o->mode = argv[1];
	for (int i = 2, used; i < argc; i += used) {
		used = take(o, argc - i, argv + i);
		if (used < 0)
			return used;
	}
	return check(o);
}
