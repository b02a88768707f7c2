/* Any bytes as the data of DNS records; the first one says of which type.  A target is a name that
 * stands in the record just so. */
#include "base/buf.h"
#include "dns/record.h"
#include "fuzz.h"

/* As it stands on the wire. */
static void put_wire(struct buf *out, const char *name)
{
	while (*name != '\0') {
		size_t len = strcspn(name, ".");

		buf_put_byte(out, (uint8_t)len);
		buf_put(out, name, len);
		name += len + (name[len] == '.');
	}
	buf_put_byte(out, 0);
}

static void check_srv(struct str in)
{
	struct buf wire = BUF_INIT;
	struct srv srv;

	if (!record_srv(in, &srv))
		return;
	buf_put_byte(&wire, (uint8_t)(srv.priority >> 8));
	buf_put_byte(&wire, (uint8_t)srv.priority);
	buf_put_byte(&wire, (uint8_t)(srv.weight >> 8));
	buf_put_byte(&wire, (uint8_t)srv.weight);
	buf_put_byte(&wire, (uint8_t)(srv.port >> 8));
	buf_put_byte(&wire, (uint8_t)srv.port);
	put_wire(&wire, srv.target);
	require(strlen(srv.target) <= 253);
	require(str_eq(buf_str(&wire), in));
	buf_fini(&wire);
}

static void check_tlsa(struct str in)
{
	struct tlsa tlsa;

	if (record_tlsa(in, &tlsa))
		require(tlsa.data.len > 0 && tlsa.data.p + tlsa.data.len == in.p + in.len);
}

static void check_address(struct str in)
{
	struct address a;
	char text[ADDRESS_TEXT_SIZE];

	if (!record_address(in, &a))
		return;
	require(a.port == 0 && memcmp(a.ip + 16 - in.len, in.p, in.len) == 0);
	address_text(&a, text);
	require(strlen(text) < sizeof text);
}

static void (*const kinds[])(struct str in) = {check_srv, check_tlsa, check_address};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_make(data, size);
	uint8_t which = take_choice(&in);

	if (which < sizeof kinds / sizeof kinds[0])
		kinds[which](in);
	return 0;
}
