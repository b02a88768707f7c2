/*
 * strophe_client - a client on libstrophe, as scripted.py wants it
 */
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <strophe.h>

struct client {
	xmpp_ctx_t *ctx;
	xmpp_conn_t *conn;
	bool connected;
	bool ended;
	char input[65536];
	size_t have;
};

static int on_message(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *arg)
{
	struct client *c = arg;
	char *body = xmpp_message_get_body(stanza);
	bool late = xmpp_stanza_get_child_by_ns(stanza, "urn:xmpp:delay") != NULL;

	(void)conn;
	if (body != NULL)
		printf("%s %s %s\n", late ? "delayed" : "message", xmpp_stanza_get_from(stanza),
			body);
	xmpp_free(c->ctx, body);
	return 1;
}

static int on_presence(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *arg)
{
	struct client *c = arg;
	const char *from = xmpp_stanza_get_from(stanza), *type = xmpp_stanza_get_type(stanza);
	xmpp_stanza_t *child = xmpp_stanza_get_child_by_name(stanza, "status");
	char *status = child != NULL ? xmpp_stanza_get_text(child) : NULL;

	(void)conn;
	if (type == NULL)
		printf("presence %s available %s\n", from, status != NULL ? status : "");
	else if (strcmp(type, "unavailable") == 0)
		printf("presence %s unavailable\n", from);
	else if (strcmp(type, "subscribe") == 0)
		printf("subscribe %s\n", from);
	xmpp_free(c->ctx, status);
	return 1;
}

/* A child element with a namespace. */
static xmpp_stanza_t *child_of(struct client *c, xmpp_stanza_t *parent, const char *name,
	const char *ns)
{
	xmpp_stanza_t *child = xmpp_stanza_new(c->ctx);

	xmpp_stanza_set_name(child, name);
	if (ns != NULL)
		xmpp_stanza_set_ns(child, ns);
	xmpp_stanza_add_child_ex(parent, child, 0);
	return child;
}

static void ask_for_roster(struct client *c)
{
	xmpp_stanza_t *iq = xmpp_iq_new(c->ctx, "get", "roster");

	child_of(c, iq, "query", XMPP_NS_ROSTER);
	xmpp_send(c->conn, iq);
	xmpp_stanza_release(iq);
}

static void on_connected(struct client *c)
{
	xmpp_stanza_t *presence = xmpp_presence_new(c->ctx);

	c->connected = true;
	xmpp_handler_add(c->conn, on_message, NULL, "message", NULL, c);
	xmpp_handler_add(c->conn, on_presence, NULL, "presence", NULL, c);
	ask_for_roster(c);
	xmpp_send(c->conn, presence);
	xmpp_stanza_release(presence);
	printf("connected %s\n", xmpp_conn_get_bound_jid(c->conn));
}

static void on_event(xmpp_conn_t *conn, xmpp_conn_event_t event, int error,
	xmpp_stream_error_t *stream_error, void *arg)
{
	struct client *c = arg;

	(void)conn, (void)error, (void)stream_error;
	if (event == XMPP_CONN_CONNECT) {
		on_connected(c);
		return;
	}
	printf("disconnected\n");
	c->ended = true;
	xmpp_stop(c->ctx);
}

static void send_message(struct client *c, char *rest)
{
	char *body = strchr(rest, ' ');
	xmpp_stanza_t *message;

	if (body == NULL)
		return;
	*body++ = '\0';
	message = xmpp_message_new(c->ctx, "chat", rest, NULL);
	xmpp_message_set_body(message, body);
	xmpp_send(c->conn, message);
	xmpp_stanza_release(message);
}

static void send_presence(struct client *c, const char *to, const char *type)
{
	xmpp_stanza_t *presence = xmpp_presence_new(c->ctx);

	xmpp_stanza_set_to(presence, to);
	xmpp_stanza_set_type(presence, type);
	xmpp_send(c->conn, presence);
	xmpp_stanza_release(presence);
}

/* The answer to what change_blocklist() has asked: its id is what there is to tell. */
static int on_blocklist_changed(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *arg)
{
	(void)conn, (void)arg;
	if (strcmp(xmpp_stanza_get_type(stanza), "result") == 0)
		printf("%s\n", xmpp_stanza_get_id(stanza));
	return 0;
}

static void change_blocklist(struct client *c, const char *verb, const char *jid)
{
	xmpp_stanza_t *iq;
	char id[4096];

	snprintf(id, sizeof id, "%sed %s", verb, jid);
	iq = xmpp_iq_new(c->ctx, "set", id);
	xmpp_stanza_set_attribute(
		child_of(c, child_of(c, iq, verb, "urn:xmpp:blocking"), "item", NULL), "jid", jid);
	xmpp_id_handler_add(c->conn, on_blocklist_changed, id, c);
	xmpp_send(c->conn, iq);
	xmpp_stanza_release(iq);
}

static void command(struct client *c, char *line)
{
	char *rest = strchr(line, ' ');

	if (rest == NULL)
		rest = line + strlen(line);
	else
		*rest++ = '\0';
	if (strcmp(line, "send") == 0)
		send_message(c, rest);
	else if (strcmp(line, "subscribe") == 0)
		send_presence(c, rest, "subscribe");
	else if (strcmp(line, "approve") == 0)
		send_presence(c, rest, "subscribed");
	else if (strcmp(line, "block") == 0 || strcmp(line, "unblock") == 0)
		change_blocklist(c, line, rest);
	else if (strcmp(line, "quit") == 0)
		xmpp_disconnect(c->conn);
}

/* Reads what there is, and obeys each whole line. */
static void read_commands(struct client *c)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	char *end;
	ssize_t n;

	if (!c->connected || poll(&in, 1, 0) <= 0)
		return;
	n = read(STDIN_FILENO, c->input + c->have, sizeof c->input - 1 - c->have);
	if (n <= 0) {
		xmpp_disconnect(c->conn);
		c->connected = false;
		return;
	}
	c->have += (size_t)n;
	c->input[c->have] = '\0';
	while ((end = strchr(c->input, '\n')) != NULL) {
		*end++ = '\0';
		command(c, c->input);
		c->have -= (size_t)(end - c->input);
		memmove(c->input, end, c->have + 1);
	}
}

static bool read_password(const char *path, char *out, int size)
{
	FILE *f = fopen(path, "r");
	bool ok = f != NULL && fgets(out, size, f) != NULL;

	if (f != NULL)
		fclose(f);
	if (ok)
		out[strcspn(out, "\n")] = '\0';
	return ok;
}

int main(int argc, char **argv)
{
	struct client c = {0};
	char password[1024];

	if (argc != 6 || !read_password(argv[2], password, sizeof password)) {
		fprintf(stderr, "usage: strophe_client JID PASSWORD-FILE HOST PORT CERTIFICATE\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	xmpp_initialize();
	c.ctx = xmpp_ctx_new(NULL, xmpp_get_default_logger(XMPP_LEVEL_WARN));
	c.conn = xmpp_conn_new(c.ctx);
	xmpp_conn_set_flags(c.conn, XMPP_CONN_FLAG_MANDATORY_TLS);
	xmpp_conn_set_cafile(c.conn, argv[5]);
	xmpp_conn_set_jid(c.conn, argv[1]);
	xmpp_conn_set_pass(c.conn, password);
	if (xmpp_connect_client(c.conn, argv[3], (unsigned short)atoi(argv[4]), on_event, &c) != 0) {
		printf("disconnected\n");
		return 1;
	}
	while (!c.ended) {
		xmpp_run_once(c.ctx, 5);
		read_commands(&c);
	}
	xmpp_conn_release(c.conn);
	xmpp_ctx_free(c.ctx);
	xmpp_shutdown();
	return 0;
}
