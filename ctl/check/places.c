/* Where the processes of a daemon listen. */
#include "ctl/check/places.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "*:5222", "192.0.2.1:5222", "[::]:5222" as an address that this machine can connect to. */
static bool parse(const char *text, struct address *out)
{
	const char *colon = strrchr(text, ':');
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	char host[64];

	if (colon == NULL || (size_t)(colon - text) >= sizeof host)
		return false;
	snprintf(host, sizeof host, "%.*s", (int)(colon - text), text);
	if (host[0] == '[') {
		memmove(host, host + 1, strlen(host));
		host[strcspn(host, "]")] = '\0';
	}
	if (strcmp(host, "*") == 0 || strcmp(host, "0.0.0.0") == 0)
		snprintf(host, sizeof host, "127.0.0.1");
	else if (strcmp(host, "::") == 0)
		snprintf(host, sizeof host, "::1");
	if (inet_pton(AF_INET, host, &v4.sin_addr) == 1)
		address_from_sockaddr((struct sockaddr *)&v4, out);
	else if (inet_pton(AF_INET6, host, &v6.sin6_addr) == 1)
		address_from_sockaddr((struct sockaddr *)&v6, out);
	else
		return false;
	out->port = (uint16_t)strtoul(colon + 1, NULL, 10);
	return true;
}

/* Connections that this machine makes to itself come from the address that they go to. */
static bool is_proxied(const struct conf *conf, const char *daemon, const struct address *address)
{
	struct network net;

	for (size_t i = 0; strcmp(daemon, "c2sd") == 0 && i < conf_list_size(conf, "c2sd.proxy_from"); i++)
		if (network_parse(conf_list_item(conf, "c2sd.proxy_from", i), &net) == 0 && network_contains(&net, address))
			return true;
	return false;
}

static void add(struct places *out, const struct conf *conf, const char *daemon, const char *text)
{
	struct place *p = &out->of[out->n];

	for (size_t i = 0; i < out->n; i++)
		if (strcmp(out->of[i].text, text) == 0)
			return;
	if (out->n == PLACES_MAX || !parse(text, &p->address))
		return;
	snprintf(p->text, sizeof p->text, "%s", text);
	p->proxied = is_proxied(conf, daemon, &p->address);
	out->n++;
}

static void add_instance(const struct findings *f, const char *instance, const char *setting, struct places *out)
{
	char name[64], daemon[16], what[512];
	struct conf *conf;

	snprintf(daemon, sizeof daemon, "%.*s", (int)strcspn(instance, "@"), instance);
	snprintf(name, sizeof name, "%s.%s", daemon, setting);
	if (conf_load(f->ctl->conf_path, instance, &conf, what, sizeof what) != 0)
		return;
	for (size_t i = 0; i < conf_list_size(conf, name); i++)
		add(out, conf, daemon, conf_list_item(conf, name, i));
	conf_free(&conf);
}

void places_find(const struct findings *f, const char *daemon, const char *setting, struct places *out)
{
	char name[64];
	size_t len = strlen(daemon);

	out->n = 0;
	snprintf(name, sizeof name, "%s.instances", daemon);
	for (int64_t i = 1; i <= conf_number(f->conf, name); i++) {
		char instance[64];

		snprintf(instance, sizeof instance, "%s@%d", daemon, (int)i);
		add_instance(f, instance, setting, out);
	}
	for (size_t i = 0; i < conf_instances(f->conf); i++) {
		const char *instance = conf_instance_name(f->conf, i);

		if (strncmp(instance, daemon, len) == 0 && instance[len] == '@')
			add_instance(f, instance, setting, out);
	}
}

bool places_have_port(const struct places *places, uint16_t port)
{
	for (size_t i = 0; i < places->n; i++)
		if (places->of[i].address.port == port)
			return true;
	return false;
}
