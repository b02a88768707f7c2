/* The connection to keyd, and those who wait for its signatures. */
#include "key/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "key/client_private.h"

enum { FRAMES_A_TURN = 64, WHY_SIZE = 160 };

/* ---- the ways out ------------------------------------------------------------------------ */

static void on_retry(uv_timer_t *timer);

static void retry_later(struct key_client *c)
{
	uv_timer_start(&c->retry, on_retry, backoff_next(&c->backoff), 0);
}

static void tell_down(struct key_client *c, const char *why)
{
	if (c->told_down)
		return;
	c->told_down = true;
	c->on_event(c->owner, KEY_EVENT_DOWN, why);
}

static void on_connection_closed(uv_handle_t *handle)
{
	struct key_connection *k = handle->data;

	close(k->fd);
	free(k);
}

static void disconnect(struct key_client *c)
{
	if (c->connection == NULL)
		return;
	uv_close((uv_handle_t *)&c->connection->poll, on_connection_closed);
	c->connection = NULL;
	buf_clear(&c->coming);
}

/* What was asked is asked again: answers that were under way are lost. */
static void lose(struct key_client *c, const char *why)
{
	disconnect(c);
	if (c->up)
		backoff_lived(&c->backoff, uv_now(c->loop) - c->up_since);
	if (!c->up && c->connected)
		why = "it ended the connection at once: it is of another version, or does not know our user";
	c->up = c->connected = false;
	list_splice(&c->sent, &c->unsent);
	list_splice(&c->unsent, &c->sent);
	retry_later(c);
	tell_down(c, why);
}

/* ---- sending ----------------------------------------------------------------------------- */

static void on_poll(uv_poll_t *poll, int status, int events);

static void watch(struct key_client *c)
{
	struct key_connection *k = c->connection;
	bool more = c->up && (!list_empty(&c->unsent) || c->uses_due);
	int events = more ? UV_READABLE | UV_WRITABLE : UV_READABLE;

	if (events == k->events)
		return;
	k->events = events;
	uv_poll_start(&k->poll, events, on_poll);
}

/* A failure is not seen to here, which may be in the middle of a handshake: the loop tells of it, too. */
static bool send_frame(struct key_client *c, const struct key_frame *f)
{
	size_t n = key_frame_put(f, c->frame, sizeof c->frame);

	return send(c->connection->fd, c->frame, n, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)n;
}

static bool send_question(struct key_client *c, const struct tls_signing *s)
{
	struct key_frame f = {.type = KEY_SIGN,
		.sign = {.number = s->number, .scheme = s->scheme, .key = s->key.b, .data = s->data, .len = s->len}};

	return send_frame(c, &f);
}

void key_client_flush(struct key_client *c)
{
	struct key_frame uses = {.type = KEY_USES, .uses = {c->generation}};

	if (!c->up)
		return;
	if (c->uses_due && send_frame(c, &uses))
		c->uses_due = false;
	while (!c->uses_due && !list_empty(&c->unsent)) {
		struct list *first = c->unsent.next;

		if (!send_question(c, container_of(first, struct tls_signing, link)))
			break;
		list_remove(first);
		list_append(&c->sent, first);
	}
	watch(c);
}

/* ---- receiving --------------------------------------------------------------------------- */

static int on_keys(struct key_client *c, const struct key_frame *f)
{
	if (f->keys.generation != c->coming_generation)
		buf_clear(&c->coming);
	if (c->coming.len > KEY_LIST_MAX)
		return BH_ETOOBIG;
	c->coming_generation = f->keys.generation;
	buf_put(&c->coming, f->keys.ids, f->keys.n * TLS_KEY_ID_SIZE);
	if (buf_failed(&c->coming))
		return BH_ENOMEM;
	if (!f->keys.last)
		return 0;
	if (!c->up) {
		c->up = true;
		c->up_since = uv_now(c->loop);
		c->told_down = false;
		c->on_event(c->owner, KEY_EVENT_UP, "it signs");
	}
	key_client_listed(c);
	key_client_flush(c);
	return 0;
}

static int error_of(uint8_t verdict)
{
	static const int errors[KEY_VERDICTS] = {
		[KEY_DONE] = 0,
		[KEY_UNKNOWN] = BH_ENOTFOUND,
		[KEY_REFUSED] = BH_EDENIED,
		[KEY_FAILED] = BH_ECRYPTO,
	};

	return errors[verdict];
}

/* Answers come in the order of the questions; those whose number is behind were given up. */
static int on_signed(struct key_client *c, const struct key_frame *f)
{
	struct tls_signing *s = container_of(c->sent.next, struct tls_signing, link);
	int rc = error_of(f->is_signed.verdict);

	if (f->is_signed.number >= c->next_number)
		return BH_EPROTO;
	if (list_empty(&c->sent) || f->is_signed.number < s->number)
		return 0;
	if (f->is_signed.number > s->number)
		return BH_EPROTO;
	list_remove(&s->link);
	c->counts.waiting--;
	c->counts.done += rc == 0;
	c->counts.failed += rc != 0;
	s->done(s, rc, f->is_signed.signature, f->is_signed.len);
	return 0;
}

static int dispatch(struct key_client *c, const uint8_t *p, size_t n)
{
	static int (*const handlers[])(struct key_client *c, const struct key_frame *f) = {
		[KEY_KEYS] = on_keys,
		[KEY_SIGNED] = on_signed,
	};
	struct key_frame f;
	int rc = n <= KEY_FRAME_MAX ? key_frame_get(p, n, &f) : BH_ETOOBIG;

	if (rc < 0)
		return rc;
	if (f.type >= sizeof handlers / sizeof handlers[0] || handlers[f.type] == NULL)
		return BH_EPROTO;
	return handlers[f.type](c, &f);
}

/* 0 to go on, BH_EAGAIN when there is no more, or why the connection is lost. */
static int receive(struct key_client *c)
{
	ssize_t n = recv(c->connection->fd, c->frame, sizeof c->frame, MSG_DONTWAIT | MSG_TRUNC);

	if (n > 0)
		return dispatch(c, c->frame, (size_t)n);
	if (n == 0)
		return BH_ECLOSED;
	return errno == EAGAIN || errno == EINTR ? BH_EAGAIN : -errno;
}

static void take_frames(struct key_client *c, int rc)
{
	for (unsigned i = 0; i < FRAMES_A_TURN && rc == 0; i++)
		rc = receive(c);
	if (rc < 0 && rc != BH_EAGAIN)
		lose(c, rc == BH_ECLOSED ? "it has ended" : bh_strerror(rc));
	else
		key_client_flush(c);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	(void)events;
	take_frames(((struct key_connection *)poll->data)->client, status < 0 ? status : 0);
}

void key_client_catch_up(struct key_client *c)
{
	if (c->up)
		take_frames(c, 0);
}

/* ---- connecting --------------------------------------------------------------------------- */

static int open_connection(struct key_client *c)
{
	struct key_frame hello = {.type = KEY_HELLO, .hello = {(uint8_t)c->role}};
	struct key_connection *k;
	int fd = client_socket_connect(&c->address, SOCK_SEQPACKET);

	if (fd < 0)
		return fd;
	k = bh_alloc(sizeof *k);
	k->client = c;
	k->fd = fd;
	k->poll.data = k;
	uv_poll_init(c->loop, &k->poll, fd);
	c->connection = k;
	c->connected = send_frame(c, &hello);
	watch(c);
	return 0;
}

static void on_retry(uv_timer_t *timer)
{
	struct key_client *c = timer->data;
	char why[sizeof c->address.sun_path + WHY_SIZE];
	int rc = open_connection(c);

	if (rc == 0)
		return;
	snprintf(why, sizeof why, "%s: %s", c->address.sun_path, bh_strerror(rc));
	retry_later(c);
	tell_down(c, why);
}

/* ---- the signer --------------------------------------------------------------------------- */

static void on_patience_over(uv_timer_t *timer);

static struct tls_signing *oldest(const struct key_client *c)
{
	const struct list *from = !list_empty(&c->sent) ? &c->sent : &c->unsent;

	return list_empty(from) ? NULL : container_of(from->next, struct tls_signing, link);
}

static void wait_for_oldest(struct key_client *c)
{
	const struct tls_signing *s = oldest(c);
	uint64_t now = uv_now(c->loop);

	if (s != NULL)
		uv_timer_start(&c->patience, on_patience_over, s->until > now ? s->until - now : 1, 0);
}

static void on_patience_over(uv_timer_t *timer)
{
	struct key_client *c = timer->data;
	struct tls_signing *s;

	while ((s = oldest(c)) != NULL && s->until <= uv_now(c->loop)) {
		list_remove(&s->link);
		c->counts.waiting--;
		c->counts.failed++;
		s->done(s, BH_ETIMEOUT, NULL, 0);
	}
	wait_for_oldest(c);
}

/* On the stack of a handshake: no callback of the owner's comes from here. */
static void sign(struct tls_signer *signer, struct tls_signing *s)
{
	struct key_client *c = container_of(signer, struct key_client, signer);

	s->number = c->next_number++;
	s->until = uv_now(c->loop) + KEY_PATIENCE_MS;
	list_append(&c->unsent, &s->link);
	c->counts.waiting++;
	if (!uv_is_active((uv_handle_t *)&c->patience))
		wait_for_oldest(c);
	key_client_flush(c);
}

static void forget(struct tls_signer *signer, struct tls_signing *s)
{
	struct key_client *c = container_of(signer, struct key_client, signer);

	list_remove(&s->link);
	c->counts.waiting--;
}

struct tls_signer *key_client_signer(struct key_client *client)
{
	return &client->signer;
}

struct key_client_counts key_client_counts(const struct key_client *client)
{
	return client->counts;
}

/* ---- life ----------------------------------------------------------------------------------- */

const char *key_event_name(enum key_event event)
{
	static const char *const names[] = {
		[KEY_EVENT_UP] = "keyd-up",
		[KEY_EVENT_DOWN] = "keyd-down",
		[KEY_EVENT_LACKING] = "key-missing",
		[KEY_EVENT_USED] = "certificates-used",
	};

	return names[event];
}

struct key_client *key_client_create(enum key_role role,
	void (*on_event)(void *owner, enum key_event event, const char *text), void *owner)
{
	struct key_client *c = bh_alloc(sizeof *c);

	c->role = role;
	c->on_event = on_event;
	c->owner = owner;
	c->signer = (struct tls_signer){sign, forget};
	c->next_number = 1;
	list_init(&c->unsent);
	list_init(&c->sent);
	return c;
}

int key_client_start(struct key_client *c, uv_loop_t *loop, const char *run_dir)
{
	c->address.sun_family = AF_UNIX;
	if (snprintf(c->address.sun_path, sizeof c->address.sun_path, "%s/%s", run_dir, KEY_SOCKET) >=
		(int)sizeof c->address.sun_path)
		return BH_ETOOBIG;
	c->loop = loop;
	uv_timer_init(loop, &c->retry);
	uv_timer_init(loop, &c->patience);
	c->retry.data = c->patience.data = c;
	uv_unref((uv_handle_t *)&c->patience);
	return uv_timer_start(&c->retry, on_retry, 0, 0);
}

static void release(struct key_client *c)
{
	void (*done)(void *) = c->done;
	void *arg = c->done_arg;

	tls_store_unref(&c->used);
	tls_store_unref(&c->offered);
	buf_fini(&c->ids);
	buf_fini(&c->coming);
	free(c);
	if (done != NULL)
		done(arg);
}

static void on_patience_closed(uv_handle_t *handle)
{
	release(handle->data);
}

static void on_retry_closed(uv_handle_t *handle)
{
	struct key_client *c = handle->data;

	uv_close((uv_handle_t *)&c->patience, on_patience_closed);
}

void key_client_stop(struct key_client **client, void (*done)(void *), void *arg)
{
	struct key_client *c = *client;

	*client = NULL;
	c->done = done;
	c->done_arg = arg;
	if (c->loop == NULL) {
		release(c);
		return;
	}
	BUG_ON(oldest(c) != NULL);
	disconnect(c);
	uv_close((uv_handle_t *)&c->retry, on_retry_closed);
}
