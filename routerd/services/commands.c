/* Commands: listed, asked about, carried out. */
#include "routerd/services/commands.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/rand.h"
#include "daemon/log.h"
#include "routerd/account.h"
#include "routerd/domains.h"
#include "routerd/keep.h"
#include "routerd/roles.h"
#include "routerd/session.h"
#include "xmpp/escape.h"
#include "xmpp/names.h"

/* Who speaks for a component or a remote server is nobody's administrator. */
bool commands_allowed(const struct transit *t)
{
	return t->sender != NULL && t->stanza.to.p != NULL && roles_administers(t->sender->account, t->to.domain);
}

static bool is_offered(const struct transit *t, const struct command *c)
{
	const struct domain *d = domain_find(&t->cause.router->domains, t->to.domain);

	return !c->own || (d != NULL && d->directory.name == NULL);
}

static const struct command *find(const struct transit *t, struct str node)
{
	for (size_t i = 0; i < admin_commands_count; i++)
		if (str_is(node, admin_commands[i].node) && is_offered(t, &admin_commands[i]))
			return &admin_commands[i];
	return NULL;
}

/* ---- discovery ------------------------------------------------------------------------------ */

static bool refuse(struct transit *t)
{
	if (commands_allowed(t))
		return false;
	transit_error(t, STANZA_FORBIDDEN, "for administrators of the domain");
	return true;
}

static void put_info(struct transit *t, struct str node, const char *type, const char *name)
{
	struct buf out = BUF_INIT;

	buf_put_lit(&out, "<query xmlns='" NS_DISCO_INFO "'");
	escape_put_attribute(&out, "node", node);
	buf_put_lit(&out, "><identity category='automation'");
	escape_put_attribute(&out, "name", str_of(name));
	escape_put_attribute(&out, "type", str_of(type));
	buf_put_lit(&out, "/><feature var='" NS_COMMANDS "'/><feature var='" NS_DATA_FORMS "'/></query>");
	transit_result(t, buf_str(&out));
	buf_fini(&out);
}

bool commands_info(struct transit *t, struct str node)
{
	const struct command *c = t->stanza.to.p != NULL ? find(t, node) : NULL;
	bool all = str_is(node, NS_COMMANDS);

	if (c == NULL && !all)
		return false;
	if (refuse(t))
		return true;
	if (all)
		put_info(t, node, "command-list", "Administration");
	else
		put_info(t, node, "command-node", c->name);
	return true;
}

bool commands_items(struct transit *t, struct str node)
{
	struct buf out = BUF_INIT;

	if (!str_is(node, NS_COMMANDS))
		return false;
	if (refuse(t))
		return true;
	buf_put_lit(&out, "<query xmlns='" NS_DISCO_ITEMS "' node='" NS_COMMANDS "'>");
	for (size_t i = 0; i < admin_commands_count; i++) {
		if (!is_offered(t, &admin_commands[i]))
			continue;
		buf_put_lit(&out, "<item");
		escape_put_attribute(&out, "jid", t->to.domain);
		escape_put_attribute(&out, "name", str_of(admin_commands[i].name));
		escape_put_attribute(&out, "node", str_of(admin_commands[i].node));
		buf_put_lit(&out, "/>");
	}
	buf_put_lit(&out, "</query>");
	transit_result(t, buf_str(&out));
	buf_fini(&out);
	return true;
}

/* ---- execution ------------------------------------------------------------------------------- */

static void put_head(struct buf *out, const struct tree_node *child, const char *status)
{
	struct str session = tree_attr(child, "sessionid");
	char fresh[25];

	if (session.len == 0) {
		rand_hex(fresh, 12);
		session = str_of(fresh);
	}
	buf_put_lit(out, "<command xmlns='" NS_COMMANDS "'");
	escape_put_attribute(out, "node", tree_attr(child, "node"));
	escape_put_attribute(out, "sessionid", session);
	escape_put_attribute(out, "status", str_of(status));
	buf_put_byte(out, '>');
}

static void answer(struct transit *t, const struct tree_node *child, const char *status, struct str inner)
{
	struct buf out = BUF_INIT;

	put_head(&out, child, status);
	buf_put_str(&out, inner);
	buf_put_lit(&out, "</command>");
	if (buf_failed(&out))
		transit_error(t, STANZA_RESOURCE_CONSTRAINT, "out of memory");
	else
		transit_result(t, buf_str(&out));
	buf_fini(&out);
}

static void ask(struct transit *t, const struct tree_node *child, const struct command *c)
{
	struct buf form = BUF_INIT;

	buf_put_lit(&form, "<actions execute='complete'><complete/></actions>");
	form_begin(&form, "form", NS_ADMIN);
	form_title(&form, c->name, c->instructions);
	for (size_t i = 0; i < c->nfields; i++)
		form_ask(&form, &c->fields[i]);
	form_end(&form);
	answer(t, child, "executing", buf_str(&form));
	buf_fini(&form);
}

static void bad_request(struct transit *t, const char *what, const char *text)
{
	char element[80];
	struct stanza_error_detail detail = {.type = NULL};

	snprintf(element, sizeof element, "<%s xmlns='" NS_COMMANDS "'/>", what);
	detail.element = str_of(element);
	transit_error_with(t, STANZA_BAD_REQUEST, text, &detail);
}

static void end_with(struct command_call *call, const struct tree_node *child, enum command_end end)
{
	struct transit *t = call->transit;
	struct str about = call->about->len > 0 ? buf_str(call->about) : STR_LIT("-");

	if (end == COMMAND_BAD)
		bad_request(t, "bad-payload", call->problem);
	if (end != COMMAND_DONE)
		return;
	log_info("admin-command", "admin=%s domain=%s command=%s about=%s", LOG_STR(t->from.full),
		LOG_STR(t->to.domain), LOG_TEXT(call->command->name), LOG_STR(about));
	answer(t, child, "completed", buf_str(call->out));
}

static void carry_out(struct transit *t, const struct tree_node *child, const struct command *c)
{
	struct buf out = BUF_INIT, about = BUF_INIT;
	struct command_call call = {.command = c, .transit = t, .domain = t->to.domain, .form = form_submitted(child),
		.out = &out, .about = &about};

	end_with(&call, child, c->run(&call));
	buf_fini(&out);
	buf_fini(&about);
}

/* ---- what is answered later --------------------------------------------------------------------- */

struct command_task {
	struct kept *kept;
	struct command_call call;
	struct buf out, about; /* its own */
};

struct command_task *command_later(struct command_call *call)
{
	struct command_task *task = bh_alloc(sizeof *task);

	task->kept = transit_keep_aside(call->transit);
	task->about = *call->about;
	*call->about = BUF_INIT;
	task->call = (struct command_call){.command = call->command, .out = &task->out, .about = &task->about};
	return task;
}

struct command_call *command_call_of(struct command_task *task)
{
	return &task->call;
}

void command_finish(struct command_task **ref, const char *problem)
{
	struct command_task *task = *ref;
	struct tree *tree = NULL;
	struct transit t;

	*ref = NULL;
	kept_restore(task->kept, &t);
	task->call.transit = &t;
	if (problem != NULL || tree_parse(t.stanza.inner, NS_CLIENT, &tree) != 0)
		transit_error(&t, STANZA_INTERNAL_SERVER_ERROR, problem);
	else
		end_with(&task->call, tree_first(tree), COMMAND_DONE);
	tree_free(&tree);
	kept_end(&task->kept);
	buf_fini(&task->out);
	buf_fini(&task->about);
	free(task);
}

/* ---- actions ------------------------------------------------------------------------------------- */

static void go_on(struct transit *t, const struct tree_node *child, const struct command *c)
{
	if (c->nfields > 0 && form_submitted(child) == NULL)
		ask(t, child, c);
	else
		carry_out(t, child, c);
}

static void cancel(struct transit *t, const struct tree_node *child, const struct command *c)
{
	(void)c;
	answer(t, child, "canceled", STR_LIT(""));
}

/* There is no stage before or after the one that there is. */
static void no_stage(struct transit *t, const struct tree_node *child, const struct command *c)
{
	(void)child, (void)c;
	bad_request(t, "bad-action", NULL);
}

static const struct {
	const char *name;
	void (*take)(struct transit *t, const struct tree_node *child, const struct command *c);
} actions[] = {
	{"execute", go_on}, {"complete", go_on}, {"cancel", cancel}, {"next", no_stage}, {"prev", no_stage},
};

static void take_action(struct transit *t, const struct tree_node *child, const struct command *c)
{
	struct str action = tree_attr(child, "action");

	if (action.p == NULL)
		action = STR_LIT("execute");
	for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
		if (str_is(action, actions[i].name)) {
			actions[i].take(t, child, c);
			return;
		}
	bad_request(t, "malformed-action", NULL);
}

void command_execute(struct transit *t, enum service_place place, const struct tree_node *child)
{
	const struct command *c;

	(void)place;
	if (refuse(t))
		return;
	c = find(t, tree_attr(child, "node"));
	if (c == NULL)
		transit_error(t, STANZA_ITEM_NOT_FOUND, NULL);
	else
		take_action(t, child, c);
}
