/* The server that is measured. */
#include "tests/bench/handshake/front.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "base/alloc.h"
#include "base/err.h"
#include "key/client.h"
#include "net/listener.h"
#include "net/stream.h"
#include "net/tls_key.h"

struct server {
	struct tls_signer local;
	struct tls_key *key;
	struct key_client *keyd;
	struct tls_store *store;
	struct stream_hub *hub;
	struct listener *listener;
	uv_loop_t loop;
};

struct peer {
	struct stream *stream;
};

static void on_data(void *owner, const uint8_t *p, size_t n)
{
	(void)owner, (void)p, (void)n;
}

static void on_closed(void *owner, const char *why)
{
	(void)why;
	free(owner);
}

/* The client goes when it has what it wanted. */
static void on_secure(void *owner)
{
	(void)owner;
}

static const struct stream_handlers handlers = {.on_data = on_data, .on_secure = on_secure, .on_closed = on_closed};

static void on_connection(void *owner, int fd)
{
	struct server *s = owner;
	struct peer *peer = bh_alloc(sizeof *peer);

	if (stream_open(s->hub, fd, &handlers, peer, &peer->stream) != 0)
		free(peer);
	else if (stream_start_tls(peer->stream, s->store, NULL) != 0)
		stream_close(peer->stream, 0);
}

static void sign(struct tls_signer *signer, struct tls_signing *signing)
{
	struct server *s = container_of(signer, struct server, local);
	uint8_t signature[TLS_SIGNATURE_MAX];
	ssize_t n = tls_key_sign(s->key, signing->scheme, str_make(signing->data, signing->len), signature);

	signing->done(signing, n > 0 ? 0 : BH_ECRYPTO, signature, n > 0 ? (size_t)n : 0);
}

static void forget(struct tls_signer *signer, struct tls_signing *signing)
{
	(void)signer, (void)signing;
}

static void on_event(void *owner, enum key_event event, const char *text)
{
	(void)owner;
	if (event != KEY_EVENT_UP)
		fprintf(stderr, "handshakes: %s: %s\n", key_event_name(event), text);
}

static int load(struct server *s, const struct front_spec *spec)
{
	struct tls_identity id = {spec->domain, spec->certificate, spec->key};
	struct tls_plan plan = {.ids = &id, .n = 1, .signer = &s->local};
	char what[512] = "";
	int rc = 0;

	s->local = (struct tls_signer){sign, forget};
	if (spec->run_dir != NULL) {
		s->keyd = key_client_create(KEY_FOR_CLIENTS, on_event, s);
		plan.signer = key_client_signer(s->keyd);
	} else {
		rc = tls_key_load(&id, &s->key, what, sizeof what);
	}
	if (rc == 0)
		rc = tls_store_load(&plan, &s->store, what, sizeof what);
	if (rc != 0)
		fprintf(stderr, "handshakes: %s\n", what);
	return rc;
}

/* keyd lets in the users of front ends only. */
static int become_front_end(void)
{
	const struct group *group = getgrnam("bulkhead-sign");
	const struct passwd *user = getpwnam("bulkhead-c2sd");

	if (geteuid() != 0)
		return 0;
	if (group == NULL || user == NULL || setgroups(1, &group->gr_gid) != 0 || setgid(user->pw_gid) != 0 ||
		setuid(user->pw_uid) != 0) {
		fprintf(stderr, "handshakes: cannot become bulkhead-c2sd: %s\n", strerror(errno));
		return BH_EDENIED;
	}
	return 0;
}

static int open_all(struct server *s, const struct front_spec *spec)
{
	char what[256];

	if (tls_global_init() != 0 || load(s, spec) != 0 || become_front_end() != 0)
		return BH_ECONFIG;
	uv_loop_init(&s->loop);
	if (listener_open("127.0.0.1:0", &s->listener, what, sizeof what) != 0) {
		fprintf(stderr, "handshakes: %s\n", what);
		return BH_EIO;
	}
	stream_hub_start(&s->loop, &s->hub);
	if (s->keyd != NULL && key_client_start(s->keyd, &s->loop, spec->run_dir) != 0)
		return BH_EIO;
	return listener_start(s->listener, &s->loop, 64, on_connection, s);
}

/* Tells the port, and serves until it is killed. */
static _Noreturn void serve(const struct front_spec *spec, int tell)
{
	static struct server s;
	uint16_t port = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	if (open_all(&s, spec) == 0)
		port = (uint16_t)strtoul(strrchr(listener_address(s.listener), ':') + 1, NULL, 10);
	if (write(tell, &port, sizeof port) == sizeof port && port != 0)
		uv_run(&s.loop, UV_RUN_DEFAULT);
	_exit(1);
}

int front_start(const struct front_spec *spec, struct front *out)
{
	int pipes[2];

	if (pipe(pipes) != 0)
		return -errno;
	out->pid = fork();
	if (out->pid == 0)
		serve(spec, pipes[1]);
	close(pipes[1]);
	if (read(pipes[0], &out->port, sizeof out->port) != sizeof out->port)
		out->port = 0;
	close(pipes[0]);
	return out->port != 0 ? 0 : BH_EIO;
}

void front_stop(struct front *front)
{
	kill(front->pid, SIGKILL);
	waitpid(front->pid, NULL, 0);
}
