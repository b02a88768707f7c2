/* A daemon's table of verbs, and the words of a list. */
#include "support.h"

#include <string.h>

#include "base/err.h"
#include "base/exits.h"
#include "bus/ctl_answer.h"
#include "bus/ctl_verb.h"
#include "bus/textlist.h"

struct daemon {
	struct end end, routerd;
	unsigned first, second; /* how often each verb ran */
	char said[600];
	unsigned code;
};

static void on_answer(struct end *end, const struct frame *frame)
{
	struct daemon *d = (struct daemon *)((char *)end - offsetof(struct daemon, routerd));
	struct msg_ctl_end m;

	assert_int_equal(frame->type, BUS_CTL_END);
	assert_int_equal(frame->subject, 7);
	assert_int_equal(bus_get_ctl_end(frame->body, &m), 0);
	d->code = m.code;
	snprintf(d->said, sizeof d->said, "%.*s", STR_FMT(m.text));
}

static void first(const struct ctl_ask *q)
{
	struct daemon *d = q->owner;
	struct str args = q->args, arg;

	d->first++;
	assert_true(textlist_take(&args, &arg) && str_is(arg, "a"));
	assert_true(textlist_take(&args, &arg) && str_is(arg, "bc"));
	assert_false(textlist_take(&args, &arg));
	ctl_end(q->link, q->subject, EXIT_OK, "done");
}

static void second(const struct ctl_ask *q)
{
	((struct daemon *)q->owner)->second++;
	ctl_end(q->link, q->subject, EXIT_NOT_FOUND, "nothing");
}

static int request(struct daemon *d, const char *verb)
{
	static const struct ctl_verb verbs[] = {{"x.first", first}, {"x.second", second}, {NULL, NULL}};
	struct buf args = BUF_INIT, out = BUF_INIT;
	struct msg_ctl_request m = {.verb = str_of(verb)};
	struct bus_event event = {.owner = d, .link = d->end.link};
	struct frame frame;
	size_t size;
	int rc;

	textlist_put_words(&args, "a bc");
	m.args = buf_str(&args);
	assert_int_equal(bus_put_ctl_request(&out, 7, &m), 0);
	assert_int_equal(bus_frame_peek(out.data, out.len, BUS_FRAME_MAX, &frame, &size), 1);
	event.frame = &frame;
	rc = ctl_run(&event, verbs, "s2sd");
	buf_fini(&args);
	buf_fini(&out);
	return rc;
}

static void a_verb_runs_and_one_that_is_not_known_is_answered(void **state)
{
	static const struct {
		const char *verb, *said;
		unsigned code, first, second;
	} cases[] = {
		{"x.first", "done", EXIT_OK, 1, 0},
		{"x.second", "nothing", EXIT_NOT_FOUND, 1, 1},
		{"x.third", "this s2sd does not know \"x.third\"", EXIT_USAGE, 1, 1},
		{"x.firs", "this s2sd does not know \"x.firs\"", EXIT_USAGE, 1, 1},
		{"", "this s2sd does not know \"\"", EXIT_USAGE, 1, 1},
	};
	struct daemon d = {.first = 0};

	(void)state;
	pair_open(&d.routerd, ROLE_ROUTER, &d.end, ROLE_S2S);
	d.routerd.on_frame = on_answer;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(request(&d, cases[i].verb), 0);
		run_until(d.routerd.count == i + 1);
		assert_string_equal(d.said, cases[i].said);
		assert_int_equal(d.code, cases[i].code);
		assert_int_equal(d.first, cases[i].first);
		assert_int_equal(d.second, cases[i].second);
	}
	end_close(&d.end);
	end_close(&d.routerd);
}

static void a_request_that_is_none_ends_the_link(void **state)
{
	static const struct ctl_verb verbs[] = {{NULL, NULL}};
	const struct frame frame = {.type = BUS_CTL_REQUEST, .body = STR_LIT("\377")};
	const struct bus_event event = {.frame = &frame};

	(void)state;
	assert_int_equal(ctl_run(&event, verbs, "s2sd"), BH_EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_verb_runs_and_one_that_is_not_known_is_answered, loop_setup, loop_teardown),
		cmocka_unit_test(a_request_that_is_none_ends_the_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
