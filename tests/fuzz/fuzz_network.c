/* Any text as a network: what is one contains its own address, and its text means the same. */
#include "base/buf.h"
#include "fuzz.h"
#include "net/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text = BUF_INIT;
	struct network net, again;
	struct address a = {.port = 0};
	char ip[ADDRESS_TEXT_SIZE];

	buf_put(&text, data, size);
	buf_put_byte(&text, '\0');
	if (network_parse((const char *)text.data, &net) == 0) {
		memcpy(a.ip, net.ip, sizeof a.ip);
		require(net.bits <= 128 && network_contains(&net, &a));
		address_text(&a, ip);
		buf_clear(&text);
		buf_printf(&text, "%s/%d", ip, strchr(ip, ':') != NULL ? net.bits : net.bits - 96);
		require(network_parse((const char *)text.data, &again) == 0);
		require(memcmp(net.ip, again.ip, sizeof net.ip) == 0 && net.bits == again.bits);
	}
	buf_fini(&text);
	return 0;
}
