/*
 * journal - an event of the log in journald's native protocol: a field for each of its pairs
 *
 * The pairs are read from the line's text, which log.h has quoted: a value cannot pretend to be another field, whatever
 * a peer put into it.  conn is BULKHEAD_CONNECTION, jid and account are JID, from is ADDRESS; any other key is
 * BULKHEAD_ and the key in capitals.  Beside them: MESSAGE (the event and its pairs), PRIORITY, SYSLOG_IDENTIFIER
 * ("bulkhead-c2sd"), SYSLOG_FACILITY, BULKHEAD_EVENT, BULKHEAD_INSTANCE ("c2sd@1").  See systemd.journal-fields(7).
 *
 * The socket is opened before the process is confined and kept; what is in it already is journald's.
 */
#ifndef BH_DAEMON_JOURNAL_H
#define BH_DAEMON_JOURNAL_H

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

struct journal_entry {
	int priority; /* of syslog */
	const char *instance, *event;
	const char *pairs; /* as in the line, without its end */
};

/* A socket that is connected to journald, or -errno. */
int journal_open(const char *path);
/* 0, or -errno where it was not taken: never waits, and never takes half of it. */
int journal_send(int fd, const struct journal_entry *e);

#endif
