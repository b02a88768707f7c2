/* bulkhead init: configuration, certificates, directories and users of an instance. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/exits.h"
#include "master/master.h"
#include "master/users.h"
#include "net/selfsign.h"
#include "net/tls.h"
#include "xmpp/jid.h"

enum { SOCKET_NAME_MAX = 16, SOCKET_PATH_MAX = 107 };

struct options {
	char folder[PATH_MAX];
	const char *domains[MASTER_DOMAINS_MAX];
	unsigned ndomains;
	const char *c2s, *c2s_tls, *s2s, *instances;
};

static int usage(void)
{
	fprintf(stderr, "usage: bulkhead init DIR [--domain NAME]... [--c2s ADDR:PORT] "
		"[--c2s-tls ADDR:PORT] [--s2s ADDR:PORT] [--instances N]\n");
	return EXIT_USAGE;
}

static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{"domain", required_argument, NULL, 'd'},
		{"c2s", required_argument, NULL, 'c'},
		{"c2s-tls", required_argument, NULL, 't'},
		{"s2s", required_argument, NULL, 's'},
		{"instances", required_argument, NULL, 'n'},
		{NULL, 0, NULL, 0},
	};
	int c;

	*o = (struct options){.c2s = "*:5222", .s2s = "*:5269", .instances = "1"};
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'd' && o->ndomains < MASTER_DOMAINS_MAX)
			o->domains[o->ndomains++] = optarg;
		else if (c == 'c')
			o->c2s = optarg;
		else if (c == 't')
			o->c2s_tls = optarg;
		else if (c == 's')
			o->s2s = optarg;
		else if (c == 'n')
			o->instances = optarg;
		else
			return EXIT_USAGE;
	}
	if (o->ndomains == 0)
		o->domains[o->ndomains++] = "localhost";
	if (optind != argc - 1)
		return EXIT_USAGE;
	snprintf(o->folder, sizeof o->folder, "%s", argv[optind]);
	return EXIT_OK;
}

/* 0 made, 1 there already, negative after a sentence. */
static int make_folder(const char *path, mode_t mode)
{
	if (mkdir(path, mode) == 0)
		return chmod(path, mode) == 0 ? 0 : -errno;
	if (errno == EEXIST)
		return 1;
	fprintf(stderr, "bulkhead: cannot make the directory %s: %s\n", path, strerror(errno));
	return -errno;
}

static int make_folders(struct options *o)
{
	char path[PATH_MAX + 16], *absolute;

	if (make_folder(o->folder, 0755) < 0)
		return BH_EIO;
	absolute = realpath(o->folder, NULL);
	if (absolute == NULL)
		return -errno;
	snprintf(o->folder, sizeof o->folder, "%s", absolute);
	free(absolute);
	if (strlen(o->folder) + strlen("/run") + SOCKET_NAME_MAX > SOCKET_PATH_MAX) {
		fprintf(stderr, "bulkhead: %s is too long a path: the sockets in it must have names "
			"of at most %d bytes\n", o->folder, SOCKET_PATH_MAX);
		return BH_ETOOBIG;
	}
	snprintf(path, sizeof path, "%s/certs", o->folder);
	if (make_folder(path, 0755) < 0)
		return BH_EIO;
	/* Apart from what front ends read: their sandboxes do not let them in here, whosever user they are. */
	snprintf(path, sizeof path, "%s/keys", o->folder);
	return make_folder(path, 0755) < 0 ? BH_EIO : 0;
}

/* Root's daemons are other users: they must get to the folder. */
static int check_reachable(const char *folder)
{
	char path[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof path, "%s", folder);
	while (geteuid() == 0 && path[0] == '/') {
		char *slash = strrchr(path, '/');

		if (stat(path, &st) != 0 || (st.st_mode & S_IXOTH) == 0) {
			fprintf(stderr, "bulkhead: the daemons' users cannot enter %s: choose another "
				"place, or run \"chmod o+x %s\"\n", path, path);
			return BH_EDENIED;
		}
		if (slash == path)
			break;
		*slash = '\0';
	}
	return 0;
}

/* keyd reads the key again at a reload, when it is root no more. */
static int give_key(const char *key)
{
	const struct group *tls = geteuid() == 0 ? getgrnam("bulkhead-tls") : NULL;

	if (tls == NULL)
		return 0;
	return chown(key, 0, tls->gr_gid) == 0 && chmod(key, 0640) == 0 ? 0 : -errno;
}

static int make_certificate(const struct options *o, const char *domain)
{
	char crt[PATH_MAX + 1100], key[PATH_MAX + 1100], former[PATH_MAX + 1100], what[PATH_MAX + 1400];

	snprintf(crt, sizeof crt, "%s/certs/%s.crt", o->folder, domain);
	snprintf(key, sizeof key, "%s/keys/%s.key", o->folder, domain);
	/* Where keys were before they had a folder of their own. */
	snprintf(former, sizeof former, "%s/certs/%s.key", o->folder, domain);
	if (access(crt, F_OK) == 0 && (access(key, F_OK) == 0 || access(former, F_OK) == 0)) {
		printf("kept the certificate %s\n", crt);
		return 0;
	}
	if (selfsign_write(domain, crt, key, what, sizeof what) != 0) {
		fprintf(stderr, "bulkhead: %s\n", what);
		return BH_EIO;
	}
	printf("made a self-signed certificate %s\n", crt);
	return give_key(key);
}

static void write_configuration(FILE *f, const struct options *o)
{
	fprintf(f,
		"# Bulkhead: one file for all daemons.  bulkhead.conf(5) has every setting;\n"
		"# \"bulkheadctl -d %s check config\" checks this file.\n"
		"# Relative paths count from this file's folder.\n\n"
		"run_dir = \"run\"\n"
		"state_dir = \"state\"\n"
		"log_level = \"info\"\n\n"
		"c2sd {\n"
		"\tinstances = %s\n"
		"\tlisten = {\"%s\"}\n",
		o->folder, o->instances, o->c2s);
	if (o->c2s_tls != NULL)
		fprintf(f, "\tlisten_tls = {\"%s\"}\n", o->c2s_tls);
	fprintf(f, "}\n\ns2sd {\n\tlisten = {\"%s\"}\n}\n", o->s2s);
	for (unsigned i = 0; i < o->ndomains; i++)
		fprintf(f, "\ndomain \"%s\" {\n\tcertificate = \"certs/%s.crt\"\n\tkey = \"keys/%s.key\"\n}\n",
			o->domains[i], o->domains[i], o->domains[i]);
}

static int cannot_write(const char *path, int error)
{
	fprintf(stderr, "bulkhead: cannot write %s: %s\n", path, strerror(error));
	return -error;
}

static int make_configuration(const struct options *o)
{
	char path[PATH_MAX + 32];
	int error = 0;
	FILE *f;

	snprintf(path, sizeof path, "%s/bulkhead.conf", o->folder);
	f = fopen(path, "wx");
	if (f == NULL && errno == EEXIST) {
		printf("kept the configuration %s\n", path);
		return 0;
	}
	if (f == NULL)
		return cannot_write(path, errno);
	write_configuration(f, o);
	/* Root's daemons are other users, whatever the umask is. */
	if (fchmod(fileno(f), 0644) != 0)
		error = errno;
	if (fclose(f) != 0)
		error = errno;
	if (error != 0)
		return cannot_write(path, error);
	printf("made the configuration %s\n", path);
	return 0;
}

static int check_domains(const struct options *o)
{
	char name[JID_PART_MAX + 1];
	size_t len;

	for (unsigned i = 0; i < o->ndomains; i++)
		if (jid_prepare_domain(str_of(o->domains[i]), name, &len) != 0 ||
			strchr(o->domains[i], '/') != NULL) {
			fprintf(stderr, "bulkhead: \"%s\" is no domain name\n", o->domains[i]);
			return BH_EINVAL;
		}
	return 0;
}

int master_init(int argc, char **argv)
{
	struct options o;
	int rc = 0;

	if (parse_options(argc, argv, &o) != EXIT_OK)
		return usage();
	if (check_domains(&o) != 0)
		return EXIT_USAGE;
	if (make_folders(&o) != 0 || check_reachable(o.folder) != 0 || users_make() != 0)
		return EXIT_BAD_CONFIG;
	tls_global_init();
	for (unsigned i = 0; rc == 0 && i < o.ndomains; i++)
		rc = make_certificate(&o, o.domains[i]);
	tls_global_fini();
	if (rc != 0 || make_configuration(&o) != 0)
		return EXIT_BAD_CONFIG;
	return EXIT_OK;
}
