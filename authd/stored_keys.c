/* Splits a value into its parts, and looks at each. */
#include "authd/stored_keys.h"

#include <strings.h>

#include "base/base64.h"
#include "base/decimal.h"
#include "base/err.h"

enum { ITERATIONS_MAX = 10000000 };

struct parts {
	struct str scheme, iterations, salt, stored, server;
};

static struct str trim(struct str s)
{
	while (s.len > 0 && s.p[0] == ' ')
		s = str_make(s.p + 1, s.len - 1);
	while (s.len > 0 && s.p[s.len - 1] == ' ')
		s.len--;
	return s;
}

/* What stands before the next such mark, which is taken too. */
static bool take(struct str *rest, char mark, struct str *part)
{
	const char *at = rest->len > 0 ? memchr(rest->p, mark, rest->len) : NULL;

	if (at == NULL)
		return false;
	*part = trim(str_make(rest->p, (size_t)(at - rest->p)));
	*rest = str_make(at + 1, rest->len - (uint32_t)(at - rest->p) - 1);
	return true;
}

static bool split(struct str rest, struct parts *p)
{
	const char *marks = memchr(rest.p, '$', rest.len) != NULL ? ":$:" : ",,,";
	bool good;

	if (rest.p[0] == '{') {
		rest = str_make(rest.p + 1, rest.len - 1);
		good = take(&rest, '}', &p->scheme);
	} else {
		good = take(&rest, '$', &p->scheme);
	}
	good = good && take(&rest, marks[0], &p->iterations) && take(&rest, marks[1], &p->salt) &&
	       take(&rest, marks[2], &p->stored);
	p->server = trim(rest);
	return good;
}

static int find_hash(struct str scheme)
{
	static const char *const names[] = {[SCRAM_SHA1] = "SCRAM-SHA-1", [SCRAM_SHA256] = "SCRAM-SHA-256"};

	for (int hash = 0; hash < SCRAM_HASHES; hash++)
		if (scheme.len == strlen(names[hash]) && strncasecmp(scheme.p, names[hash], scheme.len) == 0)
			return hash;
	return BH_EINVAL;
}

static bool read_number(struct str digits, uint32_t *out)
{
	return decimal_read_u32(digits, out) && *out > 0 && *out <= ITERATIONS_MAX;
}

/* The number of bytes, of which there are min to max; or BH_EINVAL. */
static int read_bytes(struct str text, size_t min, size_t max, uint8_t *out)
{
	struct buf bytes = BUF_INIT;
	int rc = base64_decode(text, &bytes);

	if (rc == 0 && (bytes.len < min || bytes.len > max))
		rc = BH_EINVAL;
	if (rc == 0) {
		memcpy(out, bytes.data, bytes.len);
		rc = (int)bytes.len;
	}
	buf_fini_secret(&bytes);
	return rc;
}

static int read_keys(const struct parts *p, size_t size, struct scram_keys *out)
{
	int salt = read_bytes(p->salt, 1, SCRAM_SALT_MAX, out->salt);

	if (salt < 0 || !read_number(p->iterations, &out->iterations) ||
		read_bytes(p->stored, size, size, out->stored) < 0 ||
		read_bytes(p->server, size, size, out->server) < 0)
		return BH_EINVAL;
	out->salt_len = (uint32_t)salt;
	return 0;
}

int stored_keys_parse(struct str value, struct account_keys *out)
{
	struct parts p = {0};
	int hash;

	value = trim(value);
	if (value.len == 0 || !split(value, &p))
		return BH_EINVAL;
	hash = find_hash(p.scheme);
	if (hash < 0 || read_keys(&p, scram_key_size(hash), &out->of[hash]) < 0)
		return BH_EINVAL;
	return hash;
}
