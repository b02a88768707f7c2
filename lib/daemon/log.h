/*
 * log - one event, one line, on standard error
 *
 *   2026-11-23T04:42:00.123Z info c2sd@1 client-connected conn=17 from=192.0.2.1:40123
 *
 * Time, level, instance, the event's stable name, then key=value pairs; values with spaces or
 * controls are quoted.  Under journald (JOURNAL_STREAM) events go to its own socket, in fields
 * (journal.h); where that takes none, as a line that begins with its priority "<6>" and has no
 * time.  Nothing waits for who reads: an event that is not taken at once is lost, and "log-lost" tells how many
 * were, before the next one that is.  Never a password, a stanza's body, or a secret.
 *
 * An event's pairs are given as printf: log_info("client-connected", "conn=%s from=%s", ...).
 * Text that is not ours goes through LOG_STR (str.h lengths; quoted, escaped, cut at 200), longer
 * texts of ours through LOG_LONG.
 *
 * doc/events.md has all events with their pairs; tests/style/events.py holds it against the code,
 * and knows the keys that mean the same everywhere (conn, from, jid, account, local, remote, reason).
 */
#ifndef BH_LOG_H
#define BH_LOG_H

#include <stdbool.h>

#include "base/str.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

void log_open(const char *instance, enum log_level level);
void log_set_level(enum log_level level);
enum log_level log_level(void);
const char *log_level_name(enum log_level level);
bool log_level_parse(const char *text, enum log_level *out);
/* Where journald listens, before log_open(): for tests. */
void log_journal_socket(const char *path);

void log_event(enum log_level level, const char *event, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A warning that is said at any level: an administrator has done what others should know of. */
void log_audit(const char *event, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(event, ...) log_event(LOG_LEVEL_ERROR, event, __VA_ARGS__)
#define log_warn(event, ...) log_event(LOG_LEVEL_WARN, event, __VA_ARGS__)
#define log_info(event, ...) log_event(LOG_LEVEL_INFO, event, __VA_ARGS__)
#define log_debug(event, ...) log_event(LOG_LEVEL_DEBUG, event, __VA_ARGS__)

/* A value for %s: quoted where needed, control characters escaped, cut.  Lives in one of eight
 * static slots: good until the eighth call after it. */
const char *log_value(struct str value);
#define LOG_STR(s) log_value(s)
#define LOG_TEXT(text) log_value(str_of(text))
/* The same for a sentence: cut at 1,000 bytes, and good until the next one. */
const char *log_long(const char *text);
#define LOG_LONG(text) log_long(text)

#endif
