/* Every message of messages.def: written, read back, and spoilt in each way that there is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/rand.h"
#include "bus/bus.h"

enum { ROUNDS = 40, MESSAGE_SIZE = 512, TYPICAL_BLOB = 3000, CUTS = 3000 };

enum kind { K_END, K_U8, K_U16, K_U32, K_U64, K_ID, K_TEXT, K_BLOB };

struct field {
	enum kind kind;
	const char *name;
	uint32_t max; /* of a number: its size */
};

struct message {
	const char *name;
	uint16_t type;
	size_t size;
	const struct field *fields;
	int (*put)(struct buf *out, uint64_t subject, const void *m);
	int (*get)(struct str body, void *m);
};

/* fields_hello[] */
#define MSG(NAME, n, num, from, to, flags) static const struct field fields_##n[] = {
#define FIELD(kind, f, max) {kind, #f, max},
#define U8(f) FIELD(K_U8, f, 1)
#define U16(f) FIELD(K_U16, f, 2)
#define U32(f) FIELD(K_U32, f, 4)
#define U64(f) FIELD(K_U64, f, 8)
#define ID(f) FIELD(K_ID, f, 16)
#define TEXT(f, max) FIELD(K_TEXT, f, max)
#define BLOB(f, max) FIELD(K_BLOB, f, max)
#define END(n)                                                                                     \
	{                                                                                          \
		K_END, NULL, 0                                                                     \
	}                                                                                          \
	}                                                                                          \
	;
#include "bus/each_message.h"

/* place_hello(): where the fields stand in the struct, in the same order. */
#define MSG(NAME, n, num, from, to, flags)                                                         \
	static size_t place_##n(size_t i)                                                          \
	{                                                                                          \
		struct msg_##n *sample = NULL;                                                     \
		static const size_t places[] = {
#define U8(f) offsetof(__typeof__(*sample), f),
#define U16(f) offsetof(__typeof__(*sample), f),
#define U32(f) offsetof(__typeof__(*sample), f),
#define U64(f) offsetof(__typeof__(*sample), f),
#define ID(f) offsetof(__typeof__(*sample), f),
#define TEXT(f, max) offsetof(__typeof__(*sample), f),
#define BLOB(f, max) offsetof(__typeof__(*sample), f),
#define END(n)                                                                                     \
	sizeof(*sample)                                                                            \
	}                                                                                          \
	;                                                                                          \
	(void)sample;                                                                              \
	return places[i];                                                                          \
	}                                                                                          \
	static int put_##n(struct buf *out, uint64_t subject, const void *m)                       \
	{                                                                                          \
		return bus_put_##n(out, subject, m);                                               \
	}                                                                                          \
	static int get_##n(struct str body, void *m)                                               \
	{                                                                                          \
		return bus_get_##n(body, m);                                                       \
	}
#include "bus/each_message.h"

struct entry {
	struct message m;
	size_t (*place)(size_t i);
};

static const struct entry messages[] = {
#define MSG(NAME, n, num, from, to, flags)                                                         \
	{{#NAME, num, sizeof(struct msg_##n), fields_##n, put_##n, get_##n}, place_##n},
#include "bus/each_message.h"
};

enum { COUNT = sizeof messages / sizeof messages[0] };

/* ---- random messages ----------------------------------------------------------------- */

/* Lives through one test; the bytes behind texts and blobs. */
static uint8_t *pool;
static char *letters;
static const uint32_t pool_size = 16777216 + 16;

static int make_pool(void **state)
{
	(void)state;
	pool = malloc(pool_size);
	letters = malloc(pool_size);
	rand_bytes(pool, pool_size);
	/* "a" and a character of two, three and four bytes: 10 bytes, over and over */
	for (uint32_t i = 0; i < pool_size; i++)
		letters[i] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa7"[i % 10];
	return 0;
}

static int free_pool(void **state)
{
	(void)state;
	free(pool);
	free(letters);
	return 0;
}

static struct str *str_at(void *m, const struct entry *e, size_t i)
{
	return (struct str *)(void *)((uint8_t *)m + e->place(i));
}

/* A length that tries the limits often, and is not always huge. */
static uint32_t random_len(uint32_t max)
{
	switch (rand_u64() % 6) {
	case 0:
		return 0;
	case 1:
		return max <= 65536 ? max : TYPICAL_BLOB;
	default:
		return (uint32_t)(rand_u64() % ((max < TYPICAL_BLOB ? max : TYPICAL_BLOB) + 1));
	}
}

static struct str random_text(uint32_t max)
{
	uint32_t len = random_len(max);

	if (rand_u64() % 5 == 0)
		return STR_NONE;
	/* Whole characters only: the run of ten begins at 0 and ends before 0, 1, 3 or 6. */
	while (len % 10 != 0 && len % 10 != 1 && len % 10 != 3 && len % 10 != 6)
		len--;
	return str_make(letters, len);
}

static void fill(const struct entry *e, void *m)
{
	const struct field *f = e->m.fields;

	memset(m, 0, MESSAGE_SIZE);
	for (size_t i = 0; f[i].kind != K_END; i++) {
		if (f[i].kind == K_TEXT)
			*str_at(m, e, i) = random_text(f[i].max);
		else if (f[i].kind == K_BLOB)
			*str_at(m, e, i) = str_make(pool + rand_u64() % 16, random_len(f[i].max));
		else
			rand_bytes((uint8_t *)m + e->place(i), f[i].max);
	}
}

static bool same(const struct entry *e, void *a, void *b)
{
	const struct field *f = e->m.fields;

	for (size_t i = 0; f[i].kind != K_END; i++) {
		if (f[i].kind == K_TEXT || f[i].kind == K_BLOB) {
			if (!str_eq(*str_at(a, e, i), *str_at(b, e, i)) ||
				(str_at(a, e, i)->p == NULL) != (str_at(b, e, i)->p == NULL))
				return false;
		} else if (memcmp((uint8_t *)a + e->place(i), (uint8_t *)b + e->place(i),
				   f[i].max) != 0) {
			return false;
		}
	}
	return true;
}

/* The fields as they go on the wire, with no limit kept: written apart from lib/bus. */
static void put_number(struct buf *out, const uint8_t *p, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		buf_put_byte(out, p[size - 1 - i]); /* the test runs on little-endian machines */
}

static void put_fields(const struct entry *e, void *m, struct buf *out)
{
	const struct field *f = e->m.fields;

	for (size_t i = 0; f[i].kind != K_END; i++) {
		uint8_t *p = (uint8_t *)m + e->place(i);
		uint32_t len = f[i].kind >= K_TEXT ? str_at(m, e, i)->len : 0;

		if (f[i].kind == K_ID) {
			buf_put(out, p, f[i].max);
		} else if (f[i].kind < K_ID) {
			put_number(out, p, f[i].max);
		} else {
			if (f[i].kind == K_TEXT && str_at(m, e, i)->p == NULL)
				len = UINT32_MAX;
			put_number(out, (uint8_t *)&len, 4);
			buf_put_str(out, *str_at(m, e, i));
		}
	}
}

/* Decodes from memory of exactly that size, so that AddressSanitizer sees an overrun. */
static int get_exactly(const struct entry *e, const void *body, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);
	_Alignas(8) uint8_t m[MESSAGE_SIZE];
	int rc;

	if (len > 0)
		memcpy(copy, body, len);
	rc = e->m.get(str_make(copy, len), m);
	free(copy);
	return rc;
}

/* ---- the tests ------------------------------------------------------------------------- */

static void round_trip(const struct entry *e)
{
	_Alignas(8) uint8_t in[MESSAGE_SIZE], out[MESSAGE_SIZE];
	struct buf b = BUF_INIT, expected = BUF_INIT;
	uint64_t subject = rand_u64();
	struct frame frame;
	size_t size;

	assert_true(e->m.size <= MESSAGE_SIZE);
	fill(e, in);
	assert_int_equal(e->m.put(&b, subject, in), 0);
	assert_int_equal(bus_frame_peek(b.data, b.len, BUS_FRAME_MAX, &frame, &size), 1);
	assert_int_equal(size, b.len);
	assert_int_equal(frame.type, e->m.type);
	assert_true(frame.subject == subject);
	assert_true(frame.seq == 0);
	put_fields(e, in, &expected);
	assert_true(str_eq(frame.body, buf_str(&expected)));
	memset(out, 0xee, sizeof out);
	assert_int_equal(e->m.get(frame.body, out), 0);
	assert_true(same(e, in, out));
	assert_true(b.len <= bus_message_info(e->m.type)->max_size);
	buf_fini(&b);
	buf_fini(&expected);
}

static void every_message_comes_back_as_it_was_sent(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		for (int round = 0; round < ROUNDS; round++)
			round_trip(&messages[i]);
}

static void every_message_cut_short_is_refused(void **state)
{
	_Alignas(8) uint8_t m[MESSAGE_SIZE];
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		size_t step;

		fill(&messages[i], m);
		buf_clear(&b);
		put_fields(&messages[i], m, &b);
		step = b.len / CUTS + 1;
		for (size_t n = 0; n < b.len; n += step)
			assert_int_equal(get_exactly(&messages[i], b.data, n), BH_EPROTO);
		if (b.len > 0)
			assert_int_equal(get_exactly(&messages[i], b.data, b.len - 1), BH_EPROTO);
		assert_int_equal(get_exactly(&messages[i], b.data, b.len), 0);
	}
	buf_fini(&b);
}

static void every_message_with_a_byte_left_over_is_refused(void **state)
{
	_Alignas(8) uint8_t m[MESSAGE_SIZE];
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		fill(&messages[i], m);
		buf_clear(&b);
		put_fields(&messages[i], m, &b);
		buf_put_byte(&b, 0);
		assert_int_equal(get_exactly(&messages[i], b.data, b.len), BH_EPROTO);
	}
	buf_fini(&b);
}

/* One field at its limit, then one byte over it. */
static void try_limit(const struct entry *e, size_t i)
{
	_Alignas(8) uint8_t m[MESSAGE_SIZE];
	struct buf b = BUF_INIT, raw = BUF_INIT;
	uint32_t max = e->m.fields[i].max;
	const char *plain = memset(letters, 'x', max + 1);

	fill(e, m);
	for (size_t j = 0; e->m.fields[j].kind != K_END; j++)
		if (e->m.fields[j].kind >= K_TEXT)
			*str_at(m, e, j) = STR_LIT("y");
	buf_put_lit(&b, "before");
	*str_at(m, e, i) = str_make(plain, max);
	assert_int_equal(e->m.put(&b, 1, m), 0);
	b.len = 6;
	*str_at(m, e, i) = str_make(plain, max + 1);
	assert_int_equal(e->m.put(&b, 1, m), BH_ETOOBIG);
	assert_int_equal(b.len, 6);
	assert_false(buf_failed(&b));
	put_fields(e, m, &raw);
	assert_int_equal(get_exactly(e, raw.data, raw.len), BH_EPROTO);
	buf_fini(&b);
	buf_fini(&raw);
}

static void every_field_over_its_limit_is_refused_on_both_sides(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		for (size_t f = 0; messages[i].m.fields[f].kind != K_END; f++)
			if (messages[i].m.fields[f].kind >= K_TEXT)
				try_limit(&messages[i], f);
}

static const struct {
	const char *bytes;
	bool valid;
} utf8[] = {
	{"plain", true},
	{"seven..", true},
	{"eight...", true},
	{"\xc3\xa9", true},
	{"\xed\x9f\xbf", true},     /* U+D7FF */
	{"\xee\x80\x80", true},     /* U+E000 */
	{"\xf4\x8f\xbf\xbf", true}, /* U+10FFFF */
	{"12345678\xf0\x90\x80\x80", true},
	{"\x80", false},             /* continues nothing */
	{"\xc3", false},             /* ends too early */
	{"12345678\xe2\x82", false}, /* likewise, behind a run of ASCII */
	{"\xe2\x82z", false},
	{"\xf0\x9f\x90", false},
	{"\xf0\x9f\x90z", false},
	{"\xc0\xbc", false}, /* overlong < */
	{"\xc1\xbf", false},
	{"\xe0\x9f\xbf", false},
	{"\xf0\x8f\xbf\xbf", false},
	{"\xed\xa0\x80", false},     /* a surrogate */
	{"\xf4\x90\x80\x80", false}, /* above U+10FFFF */
	{"\xf5\x80\x80\x80", false},
	{"\xff", false},
	{"1234567\xfe", false},
};

static void try_utf8(const struct entry *e, size_t i)
{
	_Alignas(8) uint8_t m[MESSAGE_SIZE];
	struct buf b = BUF_INIT;
	bool is_text = e->m.fields[i].kind == K_TEXT;

	fill(e, m);
	for (size_t n = 0; n < sizeof utf8 / sizeof utf8[0]; n++) {
		*str_at(m, e, i) = str_of(utf8[n].bytes);
		buf_clear(&b);
		put_fields(e, m, &b);
		assert_int_equal(
			get_exactly(e, b.data, b.len), utf8[n].valid || !is_text ? 0 : BH_EPROTO);
	}
	buf_fini(&b);
}

static void bad_utf8_is_refused_in_every_text_and_let_through_in_every_blob(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		for (size_t f = 0; messages[i].m.fields[f].kind != K_END; f++)
			if (messages[i].m.fields[f].kind >= K_TEXT &&
				messages[i].m.fields[f].max > 16)
				try_utf8(&messages[i], f);
}

static void random_bytes_never_crash_a_decoder(void **state)
{
	uint8_t bytes[200];

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		for (int round = 0; round < 300; round++) {
			rand_bytes(bytes, sizeof bytes);
			/* Small lengths, so that fields go by. */
			for (size_t n = 0; n < sizeof bytes; n++)
				if (rand_u64() % 3 != 0)
					bytes[n] = 0;
			get_exactly(&messages[i], bytes, rand_u64() % sizeof bytes);
		}
	}
}

static void the_table_knows_every_message_and_no_other(void **state)
{
	size_t found = 0;

	(void)state;
	for (unsigned type = 0; type <= UINT16_MAX; type++)
		found += bus_message_info((uint16_t)type) != NULL;
	assert_int_equal(found, COUNT);
	for (size_t i = 0; i < COUNT; i++) {
		const struct bus_message_info *info = bus_message_info(messages[i].m.type);

		assert_ptr_equal(info, bus_message_at(i));
		assert_string_equal(info->name, messages[i].m.name);
		assert_int_equal(info->type, messages[i].m.type);
		/* A link grows its read buffer by realloc above 64 KiB: never for secrets. */
		if ((info->flags & BUS_SECRET) != 0)
			assert_true(info->max_size < 65536);
		/* Custody is for ordinary frames: HELD covers them in the order of the link. */
		assert_false((info->flags & BUS_CUSTODY) != 0 && (info->flags & BUS_URGENT) != 0);
	}
	assert_null(bus_message_at(COUNT));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_comes_back_as_it_was_sent),
		cmocka_unit_test(every_message_cut_short_is_refused),
		cmocka_unit_test(every_message_with_a_byte_left_over_is_refused),
		cmocka_unit_test(bad_utf8_is_refused_in_every_text_and_let_through_in_every_blob),
		cmocka_unit_test(random_bytes_never_crash_a_decoder),
		cmocka_unit_test(the_table_knows_every_message_and_no_other),
		/* the last, as it spoils the pool of letters */
		cmocka_unit_test(every_field_over_its_limit_is_refused_on_both_sides),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, make_pool, free_pool);
}
