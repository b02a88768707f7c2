/* How fast the check at routerd's entry is (lib/xmpp/xmlcheck.h), by what there is to check; for
 * tools/bench.  One line for each input, and a JSON line at the end. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "xmpp/escape.h"
#include "xmpp/xmlcheck.h"

enum { TEXT_SIZE = 16384, ITEMS = 50, REPEAT = 50, ROUNDS = 5, ROUND_NS = 60 * 1000 * 1000 };

static void put_chat(struct buf *out)
{
	buf_put_lit(out, "<body>Wherefore art thou? It&apos;s late.</body>"
			 "<active xmlns='http://jabber.org/protocol/chatstates'/>"
			 "<request xmlns='urn:xmpp:receipts'/>"
			 "<origin-id xmlns='urn:xmpp:sid:0' id='de305d54-75b4-431b'/>");
}

static void put_body(struct buf *out, const char *text)
{
	buf_put_lit(out, "<body>");
	while (out->len < TEXT_SIZE)
		escape_text(out, str_of(text));
	buf_put_lit(out, "</body>");
}

static void put_english(struct buf *out)
{
	put_body(out, "But, soft! what light through yonder window breaks? It is the east, and Juliet is the "
		      "sun. Arise, fair sun, and kill the envious moon, who is already sick and pale with "
		      "grief, that thou her maid art far more fair than she: be not her maid; she's envious.\n");
}

static void put_german(struct buf *out)
{
	put_body(out, "Über alle Gipfeln ist Ruh', in allen Wipfeln spürest du kaum einen Hauch; die Vögelein "
		      "schweigen im Walde. Warte nur, balde ruhest du auch. Fröhlich grüßen wir größere Bäume.\n");
}

static void put_chinese(struct buf *out)
{
	put_body(out, "床前明月光，疑是地上霜。舉頭望明月，低頭思故鄉。白日依山盡，黃河入海流。\n");
}

static void put_vcard(struct buf *out)
{
	buf_put_lit(out, "<vCard xmlns='vcard-temp'><FN>Juliet Capulet</FN><N><FAMILY>Capulet</FAMILY>"
			 "<GIVEN>Juliet</GIVEN></N><PHOTO><TYPE>image/jpeg</TYPE><BINVAL>");
	while (out->len < TEXT_SIZE)
		buf_put_lit(out, "/9j/4AAQSkZJRgABAQEAYABgAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsK\n");
	buf_put_lit(out, "</BINVAL></PHOTO></vCard>");
}

static void put_roster(struct buf *out)
{
	buf_put_lit(out, "<query xmlns='jabber:iq:roster' ver='5f2a-17'>");
	for (int i = 0; i < ITEMS; i++)
		buf_printf(out, "<item jid='romeo%d@montague.example' name='Romeo %d' subscription='both'>"
				"<group>Friends</group></item>", i, i);
	buf_put_lit(out, "</query>");
}

static void put_attributes(struct buf *out)
{
	for (int i = 0; i < ITEMS; i++)
		buf_put_lit(out, "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' "
				 "node='https://client.example' ver='q07IKJEyjvHSyhy//CH0CxmKi8w='/>"
				 "<x a='1' b='22' c='333' d='4444' e='55555' f='' g='7'/>");
}

static const struct {
	const char *name;
	void (*put)(struct buf *out);
} inputs[] = {
	{"chat", put_chat},	{"english", put_english}, {"german", put_german},
	{"chinese", put_chinese}, {"vcard", put_vcard},	  {"roster", put_roster},
	{"attributes", put_attributes},
};

/* Time of the processor: other things run here, too. */
static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Bytes per nanosecond. */
static double one_round(struct str inner)
{
	uint64_t start = cpu_ns(), now, bytes = 0;

	do {
		for (int i = 0; i < REPEAT; i++, bytes += inner.len)
			if (xmlcheck_inner(inner) != 0)
				abort();
		now = cpu_ns();
	} while (now - start < ROUND_NS);
	return (double)bytes / (double)(now - start);
}

/* The best of some: something else may have run beside the others. */
static double measure(struct str inner)
{
	double best = 0;

	for (int i = 0; i < ROUNDS; i++) {
		double rate = one_round(inner);

		best = rate > best ? rate : best;
	}
	return best;
}

static bool wanted(const char *name, char **names)
{
	if (*names == NULL)
		return true;
	while (*names != NULL && strcmp(*names, name) != 0)
		names++;
	return *names != NULL;
}

/* With names: only of those inputs. */
int main(int argc, char **argv)
{
	const char *between = "JSON {";
	struct buf json = BUF_INIT;

	(void)argc;
	for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
		struct buf inner = BUF_INIT;
		double rate;

		if (!wanted(inputs[i].name, argv + 1))
			continue;
		inputs[i].put(&inner);
		rate = measure(buf_str(&inner));
		printf("%-12s %6zu bytes %8.2f GB/s\n", inputs[i].name, inner.len, rate);
		buf_printf(&json, "%s\"%s\": %.3f", between, inputs[i].name, rate);
		between = ", ";
		buf_fini(&inner);
	}
	printf("%.*s}\n", STR_FMT(buf_str(&json)));
	buf_fini(&json);
	return 0;
}
