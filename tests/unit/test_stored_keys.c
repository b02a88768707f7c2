/* stored_keys: how directories write SCRAM keys down, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <gsasl.h>
#include <stdio.h>
#include <string.h>

#include "authd/stored_keys.h"
#include "base/base64.h"
#include "base/err.h"

/* Of the password "pencil", the salt of RFC 5802 (12 bytes) and that of RFC 7677 (16), 4096 times. */
#define SALT1 "QSXCR+Q6sek8bf92"
#define SALT256 "W22ZaJ0SNY7soEsUEjb6gQ=="

static void base64_of(const void *p, size_t n, char out[64])
{
	struct buf text = BUF_INIT;

	base64_encode(str_make(p, n), &text);
	snprintf(out, 64, "%.*s", (int)text.len, text.data);
	buf_fini(&text);
}

/* What gsasl makes of that password. */
static void derive(enum scram_hash hash, struct scram_keys *out)
{
	char salted[GSASL_HASH_MAX_SIZE], client[GSASL_HASH_MAX_SIZE];
	struct buf salt = BUF_INIT;

	assert_int_equal(base64_decode(str_of(hash == SCRAM_SHA1 ? SALT1 : SALT256), &salt), 0);
	memset(out, 0, sizeof(*out));
	out->iterations = 4096;
	out->salt_len = (uint32_t)salt.len;
	memcpy(out->salt, salt.data, salt.len);
	buf_fini(&salt);
	assert_int_equal(gsasl_scram_secrets_from_password(
		hash == SCRAM_SHA1 ? GSASL_HASH_SHA1 : GSASL_HASH_SHA256, "pencil", 4096, (const char *)out->salt,
		out->salt_len, salted, client, (char *)out->server, (char *)out->stored), GSASL_OK);
}

static void the_ways_to_write_them_mean_the_same(void **state)
{
	static const struct {
		const char *begin, *mark[2], *end; /* around salt, stored and server */
		enum scram_hash hash;
	} cases[] = {
		{"SCRAM-SHA-1$4096:", {"$", ":"}, "", SCRAM_SHA1},
		{"SCRAM-SHA-256$4096:", {"$", ":"}, "", SCRAM_SHA256},
		{" SCRAM-SHA-256 $ 4096:", {" $ ", ":"}, " ", SCRAM_SHA256}, /* RFC 3112 lets blanks stand there */
		{"{SCRAM-SHA-1}4096:", {"$", ":"}, "", SCRAM_SHA1},
		{"{SCRAM-SHA-256}4096:", {"$", ":"}, "", SCRAM_SHA256},
		{"{scram-sha-256}4096:", {"$", ":"}, "", SCRAM_SHA256},
		{"{SCRAM-SHA-1}4096,", {",", ","}, "", SCRAM_SHA1},
		{"{SCRAM-SHA-256}4096,", {",", ","}, "", SCRAM_SHA256},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum scram_hash hash = cases[i].hash;
		struct account_keys keys = {0};
		struct scram_keys right;
		char value[512], stored[64], server[64];

		derive(hash, &right);
		base64_of(right.stored, scram_key_size(hash), stored);
		base64_of(right.server, scram_key_size(hash), server);
		snprintf(value, sizeof(value), "%s%s%s%s%s%s%s", cases[i].begin,
			hash == SCRAM_SHA1 ? SALT1 : SALT256, cases[i].mark[0], stored, cases[i].mark[1], server,
			cases[i].end);
		assert_int_equal(stored_keys_parse(str_of(value), &keys), hash);
		assert_memory_equal(&keys.of[hash], &right, sizeof(right));
	}
}

#define K20 "AAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define K32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define SALT64 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="
#define SALT65 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static void salts_have_any_length_up_to_a_bound(void **state)
{
	static const struct {
		const char *value;
		int salt; /* bytes, or 0: refused */
	} cases[] = {
		{"SCRAM-SHA-1$4096:QQ==$" K20 ":" K20, 1},
		{"SCRAM-SHA-1$4096:" SALT64 "$" K20 ":" K20, SCRAM_SALT_MAX},
		{"SCRAM-SHA-1$4096:" SALT65 "$" K20 ":" K20, 0},
		{"SCRAM-SHA-1$4096:$" K20 ":" K20, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct account_keys keys = {0};
		int rc = stored_keys_parse(str_of(cases[i].value), &keys);

		assert_int_equal(rc, cases[i].salt > 0 ? SCRAM_SHA1 : BH_EINVAL);
		assert_int_equal(keys.of[SCRAM_SHA1].salt_len, cases[i].salt);
	}
}

static void other_values_are_no_keys(void **state)
{
	static const char *const values[] = {
		"", " ", "$", "{", "{}", "secret", "{SSHA}JSIUtrr1iRXchBVTGfDZS4AtDhl2Bfl1", "{SCRAM-SHA-256}",
		"{SCRAM-SHA-256", "SCRAM-SHA-256", "SCRAM-SHA-256$", "SCRAM-SHA-256$4096", "SCRAM-SHA-256$4096:QQ==",
		"SCRAM-SHA-256$4096:QQ==$" K32,		      /* a part is missing */
		"SCRAM-SHA-256$4096:QQ==$" K20 ":" K20,	      /* of another hash */
		"SCRAM-SHA-1$4096:QQ==$" K32 ":" K32,
		"SCRAM-SHA-512$4096:QQ==$" K32 ":" K32,	      /* we do not have that */
		"SCRAM-SHA-256-PLUS$4096:QQ==$" K32 ":" K32,
		"SCRAM-SHA-256$0:QQ==$" K32 ":" K32,
		"SCRAM-SHA-256$-1:QQ==$" K32 ":" K32,
		"SCRAM-SHA-256$10000001:QQ==$" K32 ":" K32,
		"SCRAM-SHA-256$18446744073709555712:QQ==$" K32 ":" K32,
		"SCRAM-SHA-256$4096x:QQ==$" K32 ":" K32,
		"SCRAM-SHA-256$:QQ==$" K32 ":" K32,
		"SCRAM-SHA-256$4096:QQ=$" K32 ":" K32,
		"SCRAM-SHA-256$4096:Q Q=$" K32 ":" K32,
		"SCRAM-SHA-256$4096:QQ==$" K32 ":" K32 ":" K32,
		"{SCRAM-SHA-256}4096,QQ==," K32 "," K32 "," K32,
		"SCRAM-SHA-256$4096,QQ==," K32 "," K32,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct account_keys keys;

		assert_int_equal(stored_keys_parse(str_of(values[i]), &keys), BH_EINVAL);
	}
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_ways_to_write_them_mean_the_same),
		cmocka_unit_test(salts_have_any_length_up_to_a_bound),
		cmocka_unit_test(other_values_are_no_keys),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
