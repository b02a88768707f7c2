/* The first messages of SCRAM (after a byte that is even) and PLAIN (odd), as authd peeks into them.
 * What is taken out, put together again, is what came. */
#include "authd/plain.h"
#include "authd/scram.h"
#include "base/buf.h"
#include "fuzz.h"

static void put_name(struct buf *out, const char *name)
{
	for (; *name != '\0'; name++) {
		if (*name == ',')
			buf_put_lit(out, "=2C");
		else if (*name == '=')
			buf_put_lit(out, "=3D");
		else
			buf_put_byte(out, (uint8_t)*name);
	}
}

static void check_scram(struct str in)
{
	struct buf again = BUF_INIT;
	struct client_first first;

	if (!client_first_parse(in, &first))
		return;
	require(first.authcid[0] != '\0' && (first.flag == 'p') == (first.binding.p != NULL));
	buf_put_byte(&again, (uint8_t)first.flag);
	if (first.binding.p != NULL)
		buf_printf(&again, "=%.*s", STR_FMT(first.binding));
	buf_put_byte(&again, ',');
	if (first.authzid[0] != '\0')
		buf_put_lit(&again, "a=");
	put_name(&again, first.authzid);
	buf_put_lit(&again, ",n=");
	put_name(&again, first.authcid);
	buf_put_lit(&again, ",r=");
	require(again.len < in.len && memcmp(again.data, in.p, again.len) == 0);
	buf_fini(&again);
}

static void check_plain(struct str in)
{
	struct plain_message m;

	if (!plain_parse(in, &m))
		return;
	require(m.authzid.p == in.p && m.authcid.p == m.authzid.p + m.authzid.len + 1);
	require(m.password.p == m.authcid.p + m.authcid.len + 1);
	require(m.password.p + m.password.len == in.p + in.len);
	require(m.password.len > 0 && m.password.len <= PLAIN_PASSWORD_MAX);
	require(memchr(m.password.p, '\0', m.password.len) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_make(data, size);
	uint8_t which = take_choice(&in);

	if (which & 1)
		check_plain(in);
	else
		check_scram(in);
	return 0;
}
