/*
 * pie - XEP-0227, the portable import and export format: read, and written
 *
 * Read as other servers write it: from one file or, by relative XInclude hrefs, from several; SCRAM keys also with the
 * Base64 of Base64 that ejabberd writes.  Namespaces urn:xmpp:pie:0 and the older one.
 */
#ifndef CTL_MOVE_PIE_H
#define CTL_MOVE_PIE_H

#include <stdio.h>

#include "bus/bus.h"
#include "ctl/move/moved.h"

/* Of what that format has no words for; others pass over it. */
#define NS_OWN "https://bulkhead.example/export"

/* A file, "-" for standard input, or a folder whose main files are read.  An enum exit_code, after the complaint. */
int pie_read(const char *path, const struct moved_taker *taker);
/* A file that is open, called name in complaints, and includes nothing. */
int pie_read_file(FILE *file, const char *name, const struct moved_taker *taker);

/* ---- writing: whole elements, for a file that begins and ends with these ---------------------------- */

void pie_begin(struct buf *out);
void pie_host(struct buf *out, struct str domain);
void pie_host_end(struct buf *out);
void pie_end(struct buf *out);

/* Its <scram-credentials/>, and <disabled/> of ours where it is that, for: */
void pie_keys(struct buf *out, const struct msg_keys *keys);
/* data: a list of struct user_datum. */
void pie_user(struct buf *out, const struct jid *account, struct str keys, struct str data);

#endif
