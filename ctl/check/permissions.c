/* check permissions: who may read and write what? */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bus/role.h"
#include "ctl/check/findings.h"
#include "key/frame.h"

static const char *const daemons[] = {"routerd", "keyd", "authd", "dirsyncd", "c2sd", "s2sd"};
enum { NDAEMONS = sizeof daemons / sizeof daemons[0], NAME_SIZE = 32 };

static bool get(struct findings *f, const char *path, struct stat *st)
{
	if (stat(path, st) == 0)
		return true;
	found(f, FOUND_PROBLEM, path, "It cannot be looked at: %s.", strerror(errno));
	return false;
}

static const char *user_name(uid_t uid)
{
	const struct passwd *pw = getpwuid(uid);

	return pw != NULL ? pw->pw_name : "a user without a name";
}

/* ---- users --------------------------------------------------------------------------------------- */

/* As root every daemon is a user of its own; else all are the one who runs them. */
static bool own_users(const struct findings *f)
{
	struct stat st;

	return stat(conf_text(f->conf, "state_dir"), &st) == 0 ? st.st_uid == 0 : geteuid() == 0;
}

static void look_at_users(struct findings *f)
{
	static const char *const groups[] = {"bulkhead-tls", "bulkhead-sign"};
	char name[NAME_SIZE];

	for (size_t i = 0; i < NDAEMONS; i++) {
		snprintf(name, sizeof name, "bulkhead-%s", daemons[i]);
		if (getpwnam(name) == NULL)
			found(f, FOUND_PROBLEM, name, "There is no such user: make it with systemd-sysusers or bulkhead init.");
	}
	for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
		if (getgrnam(groups[i]) == NULL)
			found(f, FOUND_PROBLEM, groups[i], "There is no such group: make it with systemd-sysusers or bulkhead init.");
}

/* ---- files --------------------------------------------------------------------------------------- */

/* What others may change, they can make the server do anything with. */
static void look_at_writers(struct findings *f, const char *path)
{
	struct stat st;

	if (get(f, path, &st) && (st.st_mode & 022) != 0)
		found(f, FOUND_PROBLEM, path, "Others than its owner can change it: chmod go-w %s", path);
}

static void look_at_secret(struct findings *f, const char *path, const char *what)
{
	struct stat st;

	if (path == NULL || *path == '\0' || !get(f, path, &st))
		return;
	if ((st.st_mode & 077) != 0 && (st.st_mode & 007) != 0)
		found(f, FOUND_PROBLEM, path, "Everybody can read this %s: chmod o= %s", what, path);
	else if ((st.st_mode & 020) != 0)
		found(f, FOUND_PROBLEM, path, "A group can change this %s: chmod g-w %s", what, path);
}

static void look_at_key(struct findings *f, const char *path)
{
	const struct group *tls = getgrnam("bulkhead-tls");
	struct stat st;

	look_at_secret(f, path, "private key");
	if (!own_users(f) || tls == NULL || stat(path, &st) != 0)
		return;
	if ((st.st_mode & 040) != 0 && st.st_gid != tls->gr_gid)
		found(f, FOUND_PROBLEM, path, "A group other than keyd's can read this private key: chgrp bulkhead-tls %s", path);
	else if (st.st_gid != tls->gr_gid || (st.st_mode & 040) == 0)
		found(f, FOUND_WARNING, path, "keyd can read this private key at its start only, not at a reload: chgrp bulkhead-tls "
			"%s; chmod 640 %s", path, path);
}

static void look_at_secrets(struct findings *f)
{
	const struct conf *conf = f->conf;

	for (size_t i = 0; i < conf_domains(conf); i++) {
		const char *own = conf_domain_text(conf, i, "s2s_key");

		look_at_key(f, conf_domain_text(conf, i, "key"));
		if (own != NULL)
			look_at_key(f, own);
	}
	for (size_t i = 0; i < conf_components(conf); i++)
		look_at_secret(f, conf_component_text(conf, i, "secret"), "secret");
	for (size_t i = 0; i < conf_directories(conf); i++) {
		look_at_secret(f, conf_directory_text(conf, i, "bind_password"), "password");
		look_at_secret(f, conf_directory_text(conf, i, "keytab"), "keytab");
	}
	look_at_secret(f, conf_text(conf, "authd.keytab"), "keytab");
}

/* ---- folders and sockets ------------------------------------------------------------------------- */

static void look_at_owner(struct findings *f, const char *path, const char *daemon, const struct stat *st)
{
	char name[NAME_SIZE];
	const struct passwd *pw;

	snprintf(name, sizeof name, "bulkhead-%s", daemon);
	pw = own_users(f) ? getpwnam(name) : NULL;
	if (pw != NULL && st->st_uid != pw->pw_uid)
		found(f, FOUND_PROBLEM, path, "It belongs to %s: chown -R %s: %s", user_name(st->st_uid), name, path);
}

static void look_at_folder(struct findings *f, const char *daemon)
{
	char path[512];
	struct stat st;

	snprintf(path, sizeof path, "%s/%s", conf_text(f->conf, "state_dir"), daemon);
	if (stat(path, &st) != 0) /* it is made at the first start */
		return;
	if ((st.st_mode & 077) != 0)
		found(f, FOUND_PROBLEM, path, "Others can look into what %s keeps: chmod 700 %s", daemon, path);
	look_at_owner(f, path, daemon, &st);
}

/* The sockets in run_dir: who makes each, and whose it is; an administrator's is root's, and a group's, as is keyd's. */
static const struct socket_file {
	const char *name, *maker, *daemon;
} socket_files[] = {
#define XX(name, bit, text, socket) {socket, "routerd", ((bit) & ROLES_ADMIN) != 0 ? NULL : (text)},
	BUS_ROLE_MAP(XX)
#undef XX
	{KEY_SOCKET, "keyd", NULL},
};

/* Whoever may open routerd's socket of a role, may play it; and keyd's, have anything signed. */
static void look_at_socket(struct findings *f, const struct socket_file *s)
{
	char path[512];
	struct stat st;

	snprintf(path, sizeof path, "%s/%s", conf_text(f->conf, "run_dir"), s->name != NULL ? s->name : "");
	if (s->name == NULL || stat(path, &st) != 0) /* the server is not running */
		return;
	if (!S_ISSOCK(st.st_mode))
		found(f, FOUND_PROBLEM, path, "It is no socket: remove it, and restart %s.", s->maker);
	else if ((st.st_mode & 007) != 0)
		found(f, FOUND_PROBLEM, path, "Everybody can connect to it: restart %s, which makes it anew.", s->maker);
	else if (s->daemon != NULL)
		look_at_owner(f, path, s->daemon, &st);
}

void look_at_permissions(struct findings *f)
{
	unsigned before = f->problems + f->warnings;

	if (own_users(f))
		look_at_users(f);
	look_at_writers(f, conf_path(f->conf));
	look_at_writers(f, f->ctl->conf_path);
	look_at_writers(f, conf_text(f->conf, "state_dir"));
	look_at_secrets(f);
	for (size_t i = 0; i < NDAEMONS; i++)
		look_at_folder(f, daemons[i]);
	for (size_t i = 0; i < sizeof socket_files / sizeof socket_files[0]; i++)
		look_at_socket(f, &socket_files[i]);
	if (f->problems + f->warnings == before)
		found(f, FOUND_OK, conf_path(f->conf), "Configuration, secrets, stores and sockets are open to those who need them, "
			"and to nobody else.");
}
