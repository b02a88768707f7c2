/* Any dump of ejabberd: terms are found one by one, values are no deeper than allowed and borrow nothing that is not there,
 * and what an account gets of a record is prepared and canonical. */
#include <stdlib.h>
#include <string.h>

#include "bus/user_data.h"
#include "ctl/move/ejabberd.h"
#include "ctl/move/erl_scan.h"
#include "fuzz.h"
#include "moved_check.h"

static void check_value(const struct erl_value *v, unsigned depth)
{
	unsigned n = 0;

	require(v->type <= ERL_MAP && depth <= ERL_DEPTH_MAX);
	require(v->type != ERL_BINARY || v->text.p != NULL);
	for (const struct erl_value *c = v->first; c != NULL; c = c->next, n++)
		check_value(c, depth + 1);
	require(n == v->n);
}

static void take_record(const struct erl_value *record)
{
	struct ejabberd_owner who;
	struct moved m;

	if (!ejabberd_owner(record, &who))
		return;
	moved_init(&m, who.local, who.domain);
	ejabberd_take(&m, record);
	moved_end(&m);
	(void)moved_check(NULL, &m);
	moved_fini(&m);
}

/* In memory of just its size, so that a byte too many is seen. */
static void take_term(struct str term)
{
	struct erl_term *parsed = NULL;
	char *copy = malloc((size_t)term.len + 1);

	require(copy != NULL);
	memcpy(copy + 1, term.p, term.len);
	if (erl_parse(str_make(copy + 1, term.len), &parsed) == 0) {
		check_value(erl_root(parsed), 0);
		take_record(erl_root(parsed));
	}
	erl_free(&parsed);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_make(data, size), term;

	while (erl_next(&rest, &term) == 1) {
		require(term.p >= (const char *)data && term.p + term.len < rest.p + (rest.len == 0));
		require(rest.p + rest.len == (const char *)data + size);
		take_term(term);
		(void)erl_tag(term);
	}
	return 0;
}
