/* bulkheadctl top: gathers figures each second, and shows them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "ctl/request.h"
#include "ctl/top/report.h"
#include "ctl/top/screen.h"

enum { EVERY_MS = 1000, STEP_MS = 100, PATIENCE_MS = 5000 };

struct top {
	const struct call *call;
	struct routerd *routerd; /* NULL: it is away */
	struct figures *before, *now, *next; /* next: being gathered */
	unsigned awaited;		     /* parts of it that have not come */
	uint64_t asked_ms, tried_ms;
	enum report_sort sort;
	bool paused, news;
};

/* ---- gathering ------------------------------------------------------------------------------------ */

static void part_over(struct top *t)
{
	struct figures *oldest = t->before;

	if (t->awaited == 0 || --t->awaited > 0)
		return;
	t->next->taken_ms = clock_ms();
	t->before = t->now;
	t->now = t->next;
	t->next = oldest;
	t->news = true;
}

static void on_instance(void *arg, const struct msg_instance *m)
{
	figures_take_instance(((struct top *)arg)->next, m);
}

static void on_watched(void *arg)
{
	part_over(arg);
}

static void on_row(void *arg, uint64_t number, struct str values)
{
	(void)number;
	figures_take_busy(((struct top *)arg)->next, values);
}

static void on_end(void *arg, uint64_t number, const struct msg_ctl_end *end)
{
	(void)number;
	(void)end;
	part_over(arg);
}

static const struct answer_handlers handlers = {
	.row = on_row, .end = on_end, .instance = on_instance, .watched = on_watched};

static void lost(struct top *t)
{
	routerd_close(&t->routerd);
	t->awaited = 0;
	t->news = true;
}

static void ask(struct top *t)
{
	memset(t->next, 0, sizeof *t->next);
	t->awaited = 2;
	t->asked_ms = clock_ms();
	if (routerd_watch(t->routerd) != EXIT_OK || routerd_ask(t->routerd, 1, "busy", STR_NONE) != EXIT_OK)
		lost(t);
}

/* Whatever can be done now without waiting. */
static void go_on(struct top *t)
{
	uint64_t now = clock_ms();

	if (t->routerd == NULL && now - t->tried_ms >= EVERY_MS) {
		t->tried_ms = now;
		(void)routerd_open(t->call->ctl, &handlers, t, &t->routerd);
	}
	if (t->routerd == NULL)
		return;
	if (t->awaited == 0 && now - t->asked_ms >= EVERY_MS)
		ask(t);
	if (t->routerd != NULL && routerd_poll(t->routerd) != EXIT_OK)
		lost(t);
}

/* ---- showing -------------------------------------------------------------------------------------- */

static struct report report_of(const struct top *t, bool utf8)
{
	return (struct report){.before = t->before, .now = t->now, .sort = t->sort, .utf8 = utf8};
}

static void show(struct top *t)
{
	struct report r = report_of(t, screen_is_utf8());
	struct buf text = BUF_INIT;
	char title[160];

	snprintf(title, sizeof title, "bulkheadctl top   %s   q quit  p pause  s sort: %s",
		t->routerd == NULL ? "routerd does not answer" : t->paused ? "paused" : "running", report_sort_name(t->sort));
	report_text(&r, &text);
	screen_show(title, buf_str(&text));
	buf_fini(&text);
	t->news = false;
}

/* false: it is over. */
static bool take_key(struct top *t, int key)
{
	if (key == 'p' || key == ' ')
		t->paused = !t->paused;
	else if (key == 's')
		t->sort = (t->sort + 1) % SORTS;
	t->news = t->news || key != 0;
	return key != 'q' && key != 'Q';
}

static int run_screen(struct top *t)
{
	int key = SCREEN_RESIZED;

	if (!screen_open())
		return complain(EXIT_USAGE, "standard input and output are no terminal that can be used; see --once");
	complain_silently(true);
	while (take_key(t, key)) {
		if (!t->paused)
			go_on(t);
		if (t->news)
			show(t);
		key = screen_key(STEP_MS);
	}
	complain_silently(false);
	screen_close();
	return EXIT_OK;
}

/* Two pictures: rates are between them. */
static int run_once(struct top *t)
{
	const struct timespec pause = {.tv_nsec = 20000000};
	uint64_t until = clock_ms() + PATIENCE_MS;
	struct result rows = RESULT_INIT;
	struct buf text = BUF_INIT;
	struct report r;

	while (t->before->taken_ms == 0) {
		if (t->routerd == NULL || clock_ms() >= until)
			return complain(EXIT_TEMPORARY, "routerd does not answer");
		go_on(t);
		nanosleep(&pause, NULL);
	}
	r = report_of(t, true);
	if (t->call->ctl->json) {
		report_rows(&r, &rows);
		json_print(stdout, &rows);
		result_fini(&rows);
		return EXIT_OK;
	}
	report_text(&r, &text);
	fwrite(text.data, 1, text.len, stdout);
	buf_fini(&text);
	return EXIT_OK;
}

int run_top(const struct call *call)
{
	struct top t = {.call = call};
	int rc = routerd_open(call->ctl, &handlers, &t, &t.routerd);

	if (rc != EXIT_OK)
		return rc;
	t.before = bh_alloc(sizeof *t.before);
	t.now = bh_alloc(sizeof *t.now);
	t.next = bh_alloc(sizeof *t.next);
	rc = has_option(call->ctl, OPTION_ONCE) || call->ctl->json ? run_once(&t) : run_screen(&t);
	routerd_close(&t.routerd);
	free(t.before);
	free(t.now);
	free(t.next);
	return rc;
}
