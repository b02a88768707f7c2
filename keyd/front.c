/* The connection of a front end: questions in, answers out. */
#include "keyd/front.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "daemon/log.h"
#include "keyd/check.h"
#include "keyd/keyd.h"

enum { TURN_NS = 500 * 1000 };

static const char *role_name(enum key_role role)
{
	static const char *const names[KEY_ROLES] = {"-", "c2sd", "s2sd"};

	return names[role];
}

static bool may_administer(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

/* ---- the end ------------------------------------------------------------------------------ */

static void log_counts(struct front *f)
{
	const struct front_counts none = {0};

	if (f->counts.signatures + f->counts.refused + f->counts.delayed > 0)
		log_info("signatures", "for=%s pid=%ld made=%lu refused=%lu delayed=%lu", role_name(f->role),
			(long)f->pid, (unsigned long)f->counts.signatures, (unsigned long)f->counts.refused,
			(unsigned long)f->counts.delayed);
	f->counts = none;
}

static void on_closed(uv_handle_t *handle)
{
	struct front *f = handle->data;
	struct keyd *keyd = f->keyd;

	close(f->fd);
	free(f);
	keyd_handle_closed(keyd);
}

static void end(struct front *f, const char *why)
{
	log_counts(f);
	if (!f->administrator)
		log_event(f->role != 0 ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "front-end-gone", "for=%s pid=%ld reason=%s",
			role_name(f->role), (long)f->pid, LOG_TEXT(why));
	list_remove(&f->link);
	f->keyd->nfronts--;
	keyd_ring_leave(&f->ring);
	keyd_ring_leave(&f->listed);
	uv_close((uv_handle_t *)&f->poll, on_closed);
}

/* ---- sending ------------------------------------------------------------------------------- */

/* 0, BH_EAGAIN when the socket takes no more, or -errno. */
static int send_packet(struct front *f, const uint8_t *p, size_t n)
{
	if (send(f->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)n)
		return 0;
	return errno == EAGAIN || errno == EINTR || errno == ENOBUFS ? BH_EAGAIN : -errno;
}

/* Goes on telling the list of keys. */
static int send_list(struct front *f)
{
	const struct buf *ids = &f->listed->ids[f->role];
	size_t all = ids->len / TLS_KEY_ID_SIZE;
	int rc = 0;

	while (rc == 0 && f->listed != NULL) {
		size_t n = all - f->told < KEY_IDS_MAX ? all - f->told : KEY_IDS_MAX;
		struct key_frame frame = {.type = KEY_KEYS,
			.keys = {.generation = f->listed->generation, .last = f->told + n == all,
				.ids = ids->data + f->told * TLS_KEY_ID_SIZE, .n = n}};
		uint8_t *p = f->keyd->frame;

		rc = send_packet(f, p, key_frame_put(&frame, p, sizeof f->keyd->frame));
		if (rc != 0)
			break;
		f->told += n;
		if (frame.keys.last)
			keyd_ring_leave(&f->listed);
	}
	return rc;
}

static int send_answer(struct front *f)
{
	int rc = send_packet(f, f->answer, f->answer_len);

	if (rc == 0)
		f->answer_len = 0;
	return rc;
}

/* What is due, before anything else is read. */
static int send_due(struct front *f)
{
	int rc = f->answer_len > 0 ? send_answer(f) : 0;

	return rc == 0 && f->listed != NULL ? send_list(f) : rc;
}

static void tell_keys(struct front *f)
{
	keyd_ring_leave(&f->listed);
	f->listed = keyd_ring_enter(keyd_ring(f->keyd));
	f->told = 0;
}

/* ---- questions ------------------------------------------------------------------------------ */

static int on_hello(struct front *f, const struct key_frame *frame)
{
	enum key_role role = frame->hello.role;

	if (f->role != 0 || f->administrator)
		return BH_EPROTO;
	if (f->uid != f->keyd->uids[role])
		return BH_EDENIED;
	f->role = role;
	f->ring = keyd_ring_enter(keyd_ring(f->keyd));
	bucket_start(&f->bucket, clock_ns());
	tell_keys(f);
	log_info("front-end", "for=%s pid=%ld", role_name(role), (long)f->pid);
	return 0;
}

static int on_uses(struct front *f, const struct key_frame *frame)
{
	struct ring *newest = keyd_ring(f->keyd);

	if (f->role == 0)
		return BH_EPROTO;
	if (frame->uses.generation == newest->generation) {
		keyd_ring_leave(&f->ring);
		f->ring = keyd_ring_enter(newest);
	}
	return 0;
}

static void refuse(struct front *f, const struct key_frame *frame, const char *why)
{
	if (f->counts.refused++ == 0)
		log_warn("refused", "for=%s pid=%ld scheme=0x%04x bytes=%zu reason=%s", role_name(f->role),
			(long)f->pid, frame->sign.scheme, frame->sign.len, LOG_TEXT(why));
}

/* The verdict; *signature points into `room`. */
static uint8_t sign(struct front *f, const struct key_frame *frame, struct str *signature, uint8_t *room)
{
	struct check_request r = {.role = f->role,
		.scheme = frame->sign.scheme,
		.data = str_make(frame->sign.data, frame->sign.len)};
	const struct tls_key *key = keyd_find_key(f->keyd, f->role, frame->sign.key);
	const char *why;
	ssize_t n;

	if (key == NULL) {
		refuse(f, frame, "there is no such key");
		keyd_lacks_key(f->keyd);
		return KEY_UNKNOWN;
	}
	r.type = tls_key_type(key);
	why = check_request(&r);
	if (why != NULL) {
		refuse(f, frame, why);
		return KEY_REFUSED;
	}
	n = tls_key_sign(key, r.scheme, r.data, room);
	if (n < 0) {
		refuse(f, frame, "it cannot be signed");
		return KEY_FAILED;
	}
	f->counts.signatures++;
	*signature = str_make(room, (size_t)n);
	return KEY_DONE;
}

static int on_sign(struct front *f, const struct key_frame *frame)
{
	struct key_frame reply = {.type = KEY_SIGNED, .is_signed = {.number = frame->sign.number}};
	struct str signature = STR_NONE;
	uint8_t room[TLS_SIGNATURE_MAX];

	if (f->role == 0)
		return BH_EPROTO;
	bucket_take(&f->bucket);
	f->counts.delayed += f->waited;
	reply.is_signed.verdict = sign(f, frame, &signature, room);
	reply.is_signed.signature = (const uint8_t *)signature.p;
	reply.is_signed.len = signature.len;
	f->answer_len = key_frame_put(&reply, f->answer, sizeof f->answer);
	return 0;
}

/* Root's, who could do that by the configuration, too; it is no front end for that. */
static int on_level(struct front *f, const struct key_frame *frame)
{
	struct key_frame reply = {.type = KEY_LEVEL};

	if (f->role != 0 || !may_administer(f->uid))
		return BH_EDENIED;
	if (frame->level.level != KEY_LEVEL_ASKED && frame->level.level > LOG_LEVEL_DEBUG)
		return BH_EPROTO;
	if (frame->level.level != KEY_LEVEL_ASKED) {
		log_set_level((enum log_level)frame->level.level);
		log_audit("log-level", "uid=%ld pid=%ld daemon=keyd level=%s", (long)f->uid, (long)f->pid,
			log_level_name(log_level()));
	}
	f->administrator = true;
	reply.level.level = (uint8_t)log_level();
	f->answer_len = key_frame_put(&reply, f->answer, sizeof f->answer);
	return 0;
}

static int dispatch(struct front *f, size_t n)
{
	static int (*const handlers[])(struct front *f, const struct key_frame *frame) = {
		[KEY_HELLO] = on_hello,
		[KEY_USES] = on_uses,
		[KEY_SIGN] = on_sign,
		[KEY_LEVEL] = on_level,
	};
	struct key_frame frame;
	int rc = n <= sizeof f->keyd->frame ? key_frame_get(f->keyd->frame, n, &frame) : BH_ETOOBIG;

	if (rc < 0)
		return rc;
	if (frame.type >= sizeof handlers / sizeof handlers[0] || handlers[frame.type] == NULL)
		return BH_EPROTO;
	return handlers[frame.type](f, &frame);
}

/* 0, BH_EAGAIN, or why it ends. */
static int receive(struct front *f)
{
	ssize_t n = recv(f->fd, f->keyd->frame, sizeof f->keyd->frame, MSG_DONTWAIT | MSG_TRUNC);

	if (n > 0)
		return dispatch(f, (size_t)n);
	if (n == 0)
		return BH_ECLOSED;
	return errno == EAGAIN || errno == EINTR ? BH_EAGAIN : -errno;
}

/* ---- its turn --------------------------------------------------------------------------------- */

static bool has_share(struct front *f)
{
	bool yes = f->role == 0 || bucket_ready(&f->bucket, clock_ns(), f->keyd->rate);

	f->delayed = !yes;
	if (!yes)
		keyd_wait_for_share(f->keyd, bucket_wait_ms(&f->bucket, f->keyd->rate));
	return yes;
}

static void on_poll(uv_poll_t *poll, int status, int events);

static void watch(struct front *f, int events)
{
	if (events == f->events)
		return;
	f->events = events;
	uv_poll_start(&f->poll, events, on_poll);
}

static const char *phrase(int rc)
{
	switch (rc) {
	case BH_ECLOSED:
		return "it has ended";
	case BH_EDENIED:
		return "its user may not sign for that";
	case BH_EVERSION:
		return "it speaks another version";
	default:
		return bh_strerror(rc);
	}
}

/* What it is watched for next: 0 to go on at once, a set of events, or negative, why it ends.  It is read only when nothing
 * is due to it; without a share only its end is waited for. */
static int step(struct front *f)
{
	int rc = send_due(f);

	if (rc != 0)
		return rc == BH_EAGAIN ? UV_WRITABLE : rc;
	f->waited = f->delayed;
	if (!has_share(f))
		return UV_DISCONNECT;
	rc = receive(f);
	if (rc == BH_EAGAIN)
		return UV_READABLE;
	if (rc == 0)
		rc = send_due(f);
	return rc == BH_EAGAIN ? UV_WRITABLE : rc;
}

/* Its turn is short, so that the others have theirs. */
static void go_on(struct front *f)
{
	uint64_t until = clock_ns() + TURN_NS;
	int next;

	do {
		next = step(f);
	} while (next == 0 && clock_ns() < until);
	if (next < 0)
		end(f, phrase(next));
	else
		watch(f, next > 0 ? next : UV_READABLE);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct front *f = poll->data;

	if (status < 0 || (events & UV_DISCONNECT) != 0)
		end(f, phrase(status < 0 ? status : BH_ECLOSED));
	else
		go_on(f);
}

/* ---- all of them -------------------------------------------------------------------------------- */

static void drop_former(struct keyd *keyd, pid_t pid)
{
	list_for_each_safe(pos, &keyd->fronts) {
		struct front *f = container_of(pos, struct front, link);

		if (f->pid == pid && pid != 0)
			end(f, "it has connected again");
	}
}

static bool may_connect(const struct keyd *keyd, uid_t uid)
{
	return may_administer(uid) || uid == keyd->uids[KEY_FOR_CLIENTS] || uid == keyd->uids[KEY_FOR_SERVERS];
}

void front_accept(struct keyd *keyd, int fd)
{
	struct ucred peer;
	socklen_t len = sizeof peer;
	struct front *f;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 || !may_connect(keyd, peer.uid)) {
		log_warn("stranger", "uid=%ld pid=%ld reason=\"it is no front end\"", (long)peer.uid, (long)peer.pid);
		close(fd);
		return;
	}
	drop_former(keyd, peer.pid);
	if (keyd->nfronts == FRONTS_MAX) {
		log_warn("stranger", "pid=%ld reason=\"there are too many front ends\"", (long)peer.pid);
		close(fd);
		return;
	}
	f = bh_alloc(sizeof *f);
	f->keyd = keyd;
	f->fd = fd;
	f->pid = peer.pid;
	f->uid = peer.uid;
	list_append(&keyd->fronts, &f->link);
	keyd->nfronts++;
	keyd->handles++;
	uv_poll_init(keyd->daemon->loop, &f->poll, fd);
	f->poll.data = f;
	watch(f, UV_READABLE);
}

void fronts_tell_keys(struct keyd *keyd)
{
	list_for_each_safe(pos, &keyd->fronts) {
		struct front *f = container_of(pos, struct front, link);

		if (f->role == 0)
			continue;
		tell_keys(f);
		watch(f, UV_WRITABLE);
	}
}

void fronts_continue(struct keyd *keyd)
{
	list_for_each_safe(pos, &keyd->fronts) {
		struct front *f = container_of(pos, struct front, link);

		if (f->delayed)
			go_on(f);
	}
}

void fronts_log_counts(struct keyd *keyd)
{
	list_for_each(pos, &keyd->fronts)
		log_counts(container_of(pos, struct front, link));
}

void fronts_close(struct keyd *keyd)
{
	list_for_each_safe(pos, &keyd->fronts)
		end(container_of(pos, struct front, link), "keyd ends");
}
