/* Landlock: which files a confined process may open.  Kernels without it are served by users
 * and seccomp alone. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "daemon/kerberos.h"
#include "daemon/log.h"
#include "daemon/private.h"

/* Debian 12's header knows ABI 2; these are the kernel's numbers. */
enum {
	CREATE_RULESET = 444,
	ADD_RULE = 445,
	RESTRICT_SELF = 446,
	CREATE_VERSION = 1,
	RULE_PATH_BENEATH = 1,
};

enum landlock_right {
	FS_EXECUTE = 1 << 0,
	FS_WRITE_FILE = 1 << 1,
	FS_READ_FILE = 1 << 2,
	FS_READ_DIR = 1 << 3,
	FS_REMOVE_DIR = 1 << 4,
	FS_REMOVE_FILE = 1 << 5,
	FS_MAKE_CHAR = 1 << 6,
	FS_MAKE_DIR = 1 << 7,
	FS_MAKE_REG = 1 << 8,
	FS_MAKE_SOCK = 1 << 9,
	FS_MAKE_FIFO = 1 << 10,
	FS_MAKE_BLOCK = 1 << 11,
	FS_MAKE_SYM = 1 << 12,
	FS_REFER = 1 << 13,    /* ABI 2 */
	FS_TRUNCATE = 1 << 14, /* ABI 3 */
	FS_IOCTL_DEV = 1 << 15, /* ABI 5 */
};

enum { NET_BIND_TCP = 1, NET_CONNECT_TCP = 2 };

struct ruleset_attr {
	uint64_t handled_access_fs;
	uint64_t handled_access_net; /* ABI 4 */
	uint64_t scoped;	     /* ABI 6 */
};

enum { SCOPE_ABSTRACT_SOCKETS = 1, SCOPE_SIGNALS = 2 };

struct path_attr {
	uint64_t allowed_access;
	int32_t parent_fd;
} __attribute__((packed));

enum {
	READS = FS_READ_FILE | FS_READ_DIR,
	WRITES = READS | FS_WRITE_FILE | FS_REMOVE_FILE | FS_MAKE_REG | FS_TRUNCATE,
};

static uint64_t handled_by(int abi)
{
	uint64_t rights = (1u << 13) - 1;

	if (abi >= 2)
		rights |= FS_REFER;
	if (abi >= 3)
		rights |= FS_TRUNCATE;
	if (abi >= 5)
		rights |= FS_IOCTL_DEV;
	return rights;
}

static int make_ruleset(int abi, bool connects, uint64_t *handled)
{
	struct ruleset_attr attr = {.handled_access_fs = handled_by(abi)};
	size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;

	/* No daemon binds by TCP after its start: ports are open by then. */
	if (abi >= 4)
		attr.handled_access_net = connects ? NET_BIND_TCP : NET_BIND_TCP | NET_CONNECT_TCP;
	if (abi >= 6)
		attr.scoped = SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS;
	*handled = attr.handled_access_fs;
	return (int)syscall(CREATE_RULESET, &attr, size, 0);
}

struct allowing {
	struct daemon *daemon;
	int ruleset;
	uint64_t handled;
};

static int allow(const struct allowing *a, const char *path, uint64_t rights)
{
	struct path_attr attr = {.allowed_access = rights & a->handled};
	struct stat st;
	int rc;

	attr.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (attr.parent_fd < 0 && errno == ENOENT)
		return 0;
	if (attr.parent_fd < 0) {
		daemon_fail(a->daemon, "the user of %s cannot get at %s: %s; change its permissions "
			"or those of a directory above it", a->daemon->spec->name, path,
			strerror(errno));
		return BH_EDENIED;
	}
	if (fstat(attr.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		attr.allowed_access &= FS_READ_FILE | FS_WRITE_FILE | FS_TRUNCATE;
	rc = (int)syscall(ADD_RULE, a->ruleset, RULE_PATH_BENEATH, &attr, 0);
	close(attr.parent_fd);
	return rc == 0 ? 0 : -errno;
}

/* The folder of a file, but not a list of what is in it: the file may be replaced by another of its name. */
static int allow_folder_of(const struct allowing *a, const char *file, uint64_t rights)
{
	char copy[4096];

	if (file == NULL)
		return 0;
	snprintf(copy, sizeof copy, "%s", file);
	return allow(a, dirname(copy), rights & ~(uint64_t)FS_READ_DIR);
}

/* Sections of the configuration: how many there are, and a setting of one. */
struct sections {
	const char *prefix;
	size_t (*count)(const struct conf *conf);
	const char *(*text)(const struct conf *conf, size_t i, const char *setting);
};

static const struct sections sections[] = {
	{"domain.", conf_domains, conf_domain_text},
	{"component.", conf_components, conf_component_text},
	{"directory.", conf_directories, conf_directory_text},
};

static int allow_of_sections(const struct allowing *a, const struct sections *s, const char *setting, uint64_t rights)
{
	const struct conf *conf = a->daemon->conf;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < s->count(conf); i++)
		rc = allow_folder_of(a, s->text(conf, i, setting), rights);
	return rc;
}

/* What connecting to a directory needs: names, authorities, and what the configuration names. */
const char *const sandbox_directory_reads[] = {"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/gai.conf",
	"/etc/services", "/etc/ssl/certs", "/usr/share/ca-certificates", "directory.ca", "directory.bind_password",
	"directory.keytab", NULL};

/* The parts of its configuration that come from SSSD included.  Not /etc/gss: what it names would be loaded, and no code
 * is after the start. */
const char *const sandbox_kerberos_reads[] = {"/etc/krb5.conf.d", "/var/lib/sss/pubconf", NULL};

/* Its configuration, and our own keys. */
static int allow_kerberos(const struct allowing *a)
{
	const char *list = getenv("KRB5_CONFIG"), *keytab = a->daemon->spec->sandbox->keytab;
	char file[4096];
	int rc = keytab != NULL ? allow_folder_of(a, conf_text(a->daemon->conf, keytab), READS) : 0;

	while (rc == 0 && list != NULL && kerberos_next_file(&list, file, sizeof file))
		rc = allow(a, file, READS);
	return rc;
}

/* An entry of a table: a path, "state", a setting of a domain, a component or a directory, or another setting. */
static int allow_entry(const struct allowing *a, const char *entry, uint64_t rights)
{
	if (entry[0] == '/')
		return allow(a, entry, rights);
	if (strcmp(entry, "state") == 0)
		return allow(a, a->daemon->state_dir, rights);
	for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
		size_t n = strlen(sections[i].prefix);

		if (strncmp(entry, sections[i].prefix, n) == 0)
			return allow_of_sections(a, &sections[i], entry + n, rights);
	}
	return allow_folder_of(a, conf_text(a->daemon->conf, entry), rights);
}

static int allow_table(const struct allowing *a, const char *const *entries, uint64_t rights)
{
	int rc = 0;

	for (; rc == 0 && *entries != NULL; entries++)
		rc = allow_entry(a, *entries, rights);
	return rc;
}

int sandbox_files(struct daemon *d)
{
	int abi = (int)syscall(CREATE_RULESET, NULL, 0, CREATE_VERSION), rc;
	struct allowing a = {.daemon = d};

	if (abi < 1) {
		log_info("landlock", "state=off reason=\"the kernel has none\"");
		return 0;
	}
	a.ruleset = make_ruleset(abi, (sandbox_may(d) & MAY_DIAL) != 0, &a.handled);
	if (a.ruleset < 0)
		return -errno;
	/* The configuration, for a reload. */
	rc = allow(&a, conf_path(d->conf), FS_READ_FILE | FS_READ_DIR);
#ifdef BULKHEAD_SANITIZE
	if (rc == 0)
		rc = allow(&a, "/proc", READS); /* LeakSanitizer looks at itself there */
#endif
	if (rc == 0)
		rc = allow_table(&a, d->spec->sandbox->read_paths, READS);
	if (rc == 0)
		rc = allow_table(&a, d->spec->sandbox->write_paths, WRITES);
	if (rc == 0 && sandbox_has_directories(d))
		rc = allow_table(&a, sandbox_directory_reads, READS);
	if (rc == 0 && kerberos_wanted(d, d->conf))
		rc = allow_table(&a, sandbox_kerberos_reads, READS);
	if (rc == 0 && kerberos_wanted(d, d->conf))
		rc = allow_kerberos(&a);
	if (rc == 0 && syscall(RESTRICT_SELF, a.ruleset, 0) != 0)
		rc = -errno;
	close(a.ruleset);
	return rc;
}
