/* The frames of key.sock: a reader and a writer for each type. */
#include "key/frame.h"

#include "base/err.h"
#include "bus/wire.h"

static struct str rest(struct wire_reader *r)
{
	size_t n = (size_t)(r->end - r->p);

	return str_make(wire_take(r, n), n);
}

static void get_hello(struct wire_reader *r, struct key_frame *f)
{
	f->hello.role = wire_get_u8(r);
	if (f->hello.role == 0 || f->hello.role >= KEY_ROLES)
		r->bad = true;
}

static void put_hello(struct wire_writer *w, const struct key_frame *f)
{
	wire_put_u8(w, f->hello.role);
}

static void get_keys(struct wire_reader *r, struct key_frame *f)
{
	uint8_t last;
	struct str ids;

	f->keys.generation = wire_get_u64(r);
	last = wire_get_u8(r);
	ids = rest(r);
	f->keys.last = last == 1;
	f->keys.ids = (const uint8_t *)ids.p;
	f->keys.n = ids.len / TLS_KEY_ID_SIZE;
	if (last > 1 || ids.len % TLS_KEY_ID_SIZE != 0 || f->keys.n > KEY_IDS_MAX)
		r->bad = true;
}

static void put_keys(struct wire_writer *w, const struct key_frame *f)
{
	wire_put_u64(w, f->keys.generation);
	wire_put_u8(w, f->keys.last);
	wire_put(w, f->keys.ids, f->keys.n * TLS_KEY_ID_SIZE);
}

static void get_uses(struct wire_reader *r, struct key_frame *f)
{
	f->uses.generation = wire_get_u64(r);
}

static void put_uses(struct wire_writer *w, const struct key_frame *f)
{
	wire_put_u64(w, f->uses.generation);
}

static void get_sign(struct wire_reader *r, struct key_frame *f)
{
	struct str data;

	f->sign.number = wire_get_u64(r);
	f->sign.scheme = wire_get_u16(r);
	f->sign.key = wire_take(r, TLS_KEY_ID_SIZE);
	data = rest(r);
	f->sign.data = (const uint8_t *)data.p;
	f->sign.len = data.len;
	if (data.len == 0 || data.len > TLS_SIGNED_MAX)
		r->bad = true;
}

static void put_sign(struct wire_writer *w, const struct key_frame *f)
{
	wire_put_u64(w, f->sign.number);
	wire_put_u16(w, f->sign.scheme);
	wire_put(w, f->sign.key, TLS_KEY_ID_SIZE);
	wire_put(w, f->sign.data, f->sign.len);
}

static void get_signed(struct wire_reader *r, struct key_frame *f)
{
	struct str signature;

	f->is_signed.number = wire_get_u64(r);
	f->is_signed.verdict = wire_get_u8(r);
	signature = rest(r);
	f->is_signed.signature = (const uint8_t *)signature.p;
	f->is_signed.len = signature.len;
	if (f->is_signed.verdict >= KEY_VERDICTS || signature.len > TLS_SIGNATURE_MAX ||
		(f->is_signed.verdict == KEY_DONE) != (signature.len > 0))
		r->bad = true;
}

static void put_signed(struct wire_writer *w, const struct key_frame *f)
{
	wire_put_u64(w, f->is_signed.number);
	wire_put_u8(w, f->is_signed.verdict);
	wire_put(w, f->is_signed.signature, f->is_signed.len);
}

static void get_level(struct wire_reader *r, struct key_frame *f)
{
	f->level.level = wire_get_u8(r);
}

static void put_level(struct wire_writer *w, const struct key_frame *f)
{
	wire_put_u8(w, f->level.level);
}

static const struct {
	void (*get)(struct wire_reader *r, struct key_frame *f);
	void (*put)(struct wire_writer *w, const struct key_frame *f);
} types[] = {
	[KEY_HELLO] = {get_hello, put_hello},
	[KEY_KEYS] = {get_keys, put_keys},
	[KEY_USES] = {get_uses, put_uses},
	[KEY_SIGN] = {get_sign, put_sign},
	[KEY_SIGNED] = {get_signed, put_signed},
	[KEY_LEVEL] = {get_level, put_level},
};

enum { TYPES = sizeof types / sizeof types[0] };

int key_frame_get(const uint8_t *p, size_t n, struct key_frame *out)
{
	struct wire_reader r = {p, p + n, false};
	uint8_t version = wire_get_u8(&r);

	out->type = wire_get_u8(&r);
	if (r.bad)
		return BH_EPROTO;
	if (version != KEY_VERSION)
		return BH_EVERSION;
	if (out->type >= TYPES || types[out->type].get == NULL)
		return BH_EPROTO;
	types[out->type].get(&r, out);
	return wire_end(&r);
}

size_t key_frame_put(const struct key_frame *frame, uint8_t *out, size_t size)
{
	struct wire_writer w = {out, out + size, false};

	wire_put_u8(&w, KEY_VERSION);
	wire_put_u8(&w, frame->type);
	types[frame->type].put(&w, frame);
	return w.bad ? 0 : (size_t)(w.p - out);
}
