/* The loop: events, the mode's turn, one write for each connection, the dead. */
#include "tests/bench/load.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>

enum { EVENTS = 256 };

static const uint64_t second = 1000000000;

static SSL_CTX *make_tls(void)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

	if (tls == NULL)
		return NULL;
	SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
	SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
		SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_read_ahead(tls, 1);
	SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
	/* What a current client would agree on; a shorter list costs less of our time. */
	SSL_CTX_set1_groups_list(tls, "X25519:P-256");
	SSL_CTX_set1_sigalgs_list(tls, "ECDSA+SHA256:ed25519:RSA-PSS+SHA256");
	SSL_CTX_set_ciphersuites(tls, "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256");
	SSL_CTX_set_cipher_list(tls, "ECDHE+AESGCM");
	SSL_CTX_set_verify(tls, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_options(tls, SSL_OP_NO_COMPRESSION);
	return tls;
}

struct load *load_new(const struct options *o, const struct mode *mode, void *state)
{
	struct load *load = bh_alloc(sizeof(*load));

	load->o = o;
	load->mode = mode;
	load->state = state;
	load->keys = bh_alloc(o->accounts * sizeof(*load->keys));
	load->tls = make_tls();
	load->epoll = epoll_create1(EPOLL_CLOEXEC);
	BUG_ON(load->tls == NULL || load->epoll < 0);
	prctl(PR_SET_TIMERSLACK, 1UL, 0, 0, 0);
	return load;
}

static void open_more(struct load *load)
{
	while (load->next < load->end && load->inflight < load->o->inflight) {
		load->inflight++;
		if (conn_open(load, load->next++) == NULL) {
			load->inflight--;
			load->failed++;
		}
	}
}

void load_open_until(struct load *load, unsigned end)
{
	load->end = end;
	open_more(load);
}

static void flush_dirty(struct load *load)
{
	while (load->dirty != NULL) {
		struct conn *c = load->dirty;

		load->dirty = c->next_dirty;
		c->dirty = false;
		conn_flush(c);
	}
}

static void free_dead(struct load *load)
{
	while (load->dead != NULL) {
		struct conn *c = load->dead;

		load->dead = c->next_dead;
		conn_free(&c);
	}
}

void load_turn(struct load *load, uint64_t until_ns)
{
	struct epoll_event events[EVENTS];
	uint64_t now = clock_ns();
	uint64_t left = until_ns > now ? until_ns - now : 0;
	struct timespec wait = {(time_t)(left / second), (long)(left % second)};
	int n;

	flush_dirty(load); /* what was said between the turns */
	n = epoll_pwait2(load->epoll, events, EVENTS, &wait, NULL);
	for (int i = 0; i < n; i++)
		conn_event(events[i].data.ptr, events[i].events);
	if (load->next < load->end)
		open_more(load);
	if (load->mode->turn != NULL)
		load->mode->turn(load);
	flush_dirty(load);
	free_dead(load);
}

int load_wait_bound(struct load *load)
{
	unsigned done = load->bound + load->failed;
	uint64_t until = clock_ns() + 120 * second;

	while (load->bound + load->failed < load->end && clock_ns() < until) {
		load_turn(load, clock_ns() + second);
		if (load->bound + load->failed != done)
			until = clock_ns() + 120 * second;
		done = load->bound + load->failed;
	}
	if (load->bound == load->end)
		return 0;
	fprintf(stderr, "xmppload: %u of %u logins succeeded, %u failed\n", load->bound, load->end,
		load->failed);
	return BH_EIO;
}

void load_run_for(struct load *load, uint64_t ns)
{
	uint64_t until = clock_ns() + ns;

	while (clock_ns() < until && load->lost == 0)
		load_turn(load, until);
}

int load_run_to(struct load *load, const uint64_t *progress, uint64_t goal)
{
	uint64_t before = *progress, until = clock_ns() + 60 * second;

	while (*progress < goal && load->lost == 0 && load->failed == 0 && clock_ns() < until) {
		load_turn(load, clock_ns() + second);
		if (*progress != before)
			until = clock_ns() + 60 * second;
		before = *progress;
	}
	return *progress >= goal ? 0 : BH_EIO;
}

void load_lost(struct conn *c, const char *why)
{
	if (why != NULL && c->load->lost++ < 3)
		fprintf(stderr, "xmppload: %s: %s\n", c->jid, why);
}
