/* What each domain offers. */
#include "c2sd/offers.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "c2sd/client.h"
#include "conf/conf.h"

static int add(struct c2sd *srv, const char *domain, bool component, enum certificate_name name)
{
	struct offer *o = offers_find(srv, str_of(domain));

	if (o != NULL) {
		o->component = component;
		o->name = name;
		return 0;
	}
	o = bh_alloc(sizeof *o);
	o->component = component;
	o->name = name;
	o->domain = bh_strdup(domain);
	return map_add(&srv->offers, &o->node, o->domain, strlen(o->domain));
}

static enum certificate_name name_in_directory(const struct conf *conf, size_t directory)
{
	static const char *const names[] = {
		[NAME_ADDRESS] = "address", [NAME_MAIL] = "mail", [NAME_SUBJECT] = "subject", [NAME_EXACT] = "exact"};
	const char *wanted = conf_directory_text(conf, directory, "certificate");
	enum certificate_name name = NAME_EXACT;

	while (name > NAME_ADDRESS && strcmp(names[name], wanted) != 0)
		name--;
	return name;
}

/* By the directory that holds the domain's accounts; authd's own are found by their address. */
static enum certificate_name name_of(const struct conf *conf, size_t domain)
{
	const char *directory = conf_domain_text(conf, domain, "directory");

	for (size_t i = 0; directory != NULL && i < conf_directories(conf); i++)
		if (strcmp(conf_directory_name(conf, i), directory) == 0)
			return name_in_directory(conf, i);
	return NAME_ADDRESS;
}

int offers_add_domains(struct c2sd *srv)
{
	const struct conf *conf = srv->daemon->conf;

	for (size_t i = 0; i < conf_domains(conf); i++)
		if (add(srv, conf_domain_name(conf, i), false, name_of(conf, i)) != 0)
			return BH_ENOMEM;
	for (size_t i = 0; i < conf_components(conf); i++)
		if (add(srv, conf_component_name(conf, i), true, NAME_ADDRESS) != 0)
			return BH_ENOMEM;
	return 0;
}

void offers_free(struct c2sd *srv)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &srv->offers);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct offer *o = container_of(n, struct offer, node);

		free(o->domain);
		free(o->mechanisms);
		free(o->caps);
		free(o);
	}
	map_fini(&srv->offers);
}

struct offer *offers_find(const struct c2sd *srv, struct str domain)
{
	struct map_node *n = map_find(&srv->offers, domain.p, domain.len);

	return n != NULL ? container_of(n, struct offer, node) : NULL;
}

bool offers_complete(const struct c2sd *srv)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &srv->offers);
	while ((n = map_walk_next(&walk)) != NULL) {
		const struct offer *o = container_of(n, struct offer, node);

		if (o->mechanisms == NULL && !o->component)
			return false;
	}
	return true;
}

static bool ends_with(struct str s, const char *tail)
{
	size_t n = strlen(tail);

	return s.len >= n && memcmp(s.p + s.len - n, tail, n) == 0;
}

/* Its certificate is verified, and has what the domain knows people by. */
static bool is_named(const struct client *c)
{
	const struct certificate *certificate = stream_certificate(c->stream);

	if (certificate == NULL)
		return false;
	switch (c->domain->name) {
	case NAME_MAIL:
		return certificate->mail != NULL;
	case NAME_SUBJECT:
		return certificate->subject != NULL;
	case NAME_EXACT:
		return certificate->der.p != NULL;
	default:
		return certificate->jid != NULL;
	}
}

static bool usable(const struct client *c, struct str mechanism, bool bindable)
{
	if (ends_with(mechanism, "-PLUS"))
		return bindable;
	if (str_is(mechanism, "EXTERNAL"))
		return is_named(c);
	return stream_is_secure(c->stream) || !str_is(mechanism, "PLAIN");
}

bool offers_take(struct str *list, struct str *name)
{
	const char *space = list->len > 0 ? memchr(list->p, ' ', list->len) : NULL;
	uint32_t len = space != NULL ? (uint32_t)(space - list->p) : list->len;

	*name = (struct str){list->p, len};
	len += space != NULL;
	list->p += len;
	list->len -= len;
	return name->len > 0;
}

bool offers_have(struct str list, const char *name)
{
	struct str word;

	while (offers_take(&list, &word))
		if (str_is(word, name))
			return true;
	return false;
}

void offers_for_client(const struct client *c, struct buf *out)
{
	struct str rest = str_of(c->domain->mechanisms), name;
	uint8_t exporter[32];
	bool bindable = stream_exporter(c->stream, exporter);

	while (offers_take(&rest, &name))
		if (usable(c, name, bindable)) {
			if (out->len > 0)
				buf_put_byte(out, ' ');
			buf_put_str(out, name);
		}
}
