/* The packed lists of the bus: what is taken off one, put again, is what was there.
 *
 * The first byte says which. */
#include "base/buf.h"
#include "bus/mark.h"
#include "bus/textlist.h"
#include "fuzz.h"
#include "xmpp/addition.h"

static void marks(struct str *list, struct buf *again)
{
	struct mark m;

	while (mark_take(list, &m))
		mark_put(again, &m);
	require(list->len < MARK_SIZE);
}

static void targets(struct str *list, struct buf *again)
{
	struct target t;

	while (target_take(list, &t))
		target_put(again, &t);
	require(list->len < TARGET_SIZE);
}

static void accepted(struct str *list, struct buf *again)
{
	struct accepted a;

	while (accepted_take(list, &a))
		accepted_put(again, &a);
	require(list->len < ACCEPTED_SIZE);
}

static void texts(struct str *list, struct buf *again)
{
	struct str text;

	while (textlist_take(list, &text))
		textlist_put(again, text);
}

static void additions(struct str *list, struct buf *again)
{
	struct addition a;

	while (addition_take(list, &a))
		addition_put(again, &a);
}

static void (*const kinds[])(struct str *list, struct buf *again) = {
	marks, targets, accepted, texts, additions};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_make(data, size);
	uint8_t kind = take_choice(&rest);
	struct str all = rest;
	struct buf again = BUF_INIT;

	if (kind >= sizeof kinds / sizeof kinds[0])
		return 0;
	kinds[kind](&rest, &again);
	require(rest.len <= all.len && rest.p + rest.len == all.p + all.len);
	require(str_eq(buf_str(&again), str_make(all.p, all.len - rest.len)));
	buf_fini(&again);
	return 0;
}
