/* The difference between two pictures. */
#include "snmpd-plugin/alarms.h"

#include "base/clock.h"
#include "daemon/log.h"
#include "snmpd-plugin/appl.h"
#include "snmpd-plugin/suite.h"
#include "snmpd-plugin/traps.h"

enum notification {
	DAEMON_DIED = 1,
	DAEMON_BACK = 2,
	CERTIFICATE_EXPIRING = 3,
	DIRECTORY_BRAKED = 4,
	DIRECTORY_RELEASED = 5,
};

enum { AGAIN_MS = 86400 * 1000 };

static void tell_daemon(struct snmp_plugin *p, enum notification what, const struct daemon_row *row)
{
	const struct trap_object objects[] = {
		{&p->appl->table, APPL_NAME},
		{&p->appl->table, APPL_OPER_STATUS},
		{&p->suite->groups[SUITE_DAEMONS], DAEMON_DEATHS},
	};

	log_info("notification", "event=%s daemon=%s", what == DAEMON_DIED ? "daemon-died" : "daemon-back", row->name);
	traps_send(p->traps, what, row->index, objects, sizeof objects / sizeof objects[0]);
}

/* Deaths are counted by whoever was there: a new routerd begins with none. */
static void review_daemon(struct snmp_plugin *p, struct daemon_row *row)
{
	bool died = row->seen->deaths > row->deaths;

	row->deaths = row->seen->deaths;
	if (died) {
		row->died = true;
		tell_daemon(p, DAEMON_DIED, row);
	}
	if (row->died && row->status == OPER_UP) {
		row->died = false;
		tell_daemon(p, DAEMON_BACK, row);
	}
}

static void review_certificate(struct snmp_plugin *p, struct roll_entry *e)
{
	const struct mib_group *g = &p->suite->groups[SUITE_CERTIFICATES];
	const struct trap_object objects[] = {
		{g, CERTIFICATE_DOMAIN}, {g, CERTIFICATE_EXPIRES}, {g, CERTIFICATE_DAYS}};
	int64_t days = suite_days_until(e->value);

	if (!e->there)
		return;
	if (p->certificate_days == 0 || days >= p->certificate_days) {
		e->noted = false;
		return;
	}
	if (e->noted && clock_ms() - e->noted_ms < AGAIN_MS)
		return;
	e->noted = true;
	e->noted_ms = clock_ms();
	log_warn("notification", "event=certificate-expiring domain=%s days=%ld", LOG_TEXT(e->name), (long)days);
	traps_send(p->traps, CERTIFICATE_EXPIRING, e->number, objects, sizeof objects / sizeof objects[0]);
}

static void review_directory(struct snmp_plugin *p, struct roll_entry *e)
{
	const struct mib_group *g = &p->suite->groups[SUITE_DIRECTORIES];
	const struct trap_object objects[] = {{g, DIRECTORY_NAME}, {g, DIRECTORY_BRAKE}};

	if (!e->there || e->flag == e->noted)
		return;
	e->noted = e->flag;
	log_warn("notification", "event=%s directory=%s", e->flag ? "directory-braked" : "directory-released",
		LOG_TEXT(e->name));
	traps_send(p->traps, e->flag ? DIRECTORY_BRAKED : DIRECTORY_RELEASED, e->number, objects,
		sizeof objects / sizeof objects[0]);
}

void alarms_review(struct snmp_plugin *p)
{
	list_for_each(pos, &p->daemons.all)
		review_daemon(p, container_of(pos, struct daemon_row, link));
	list_for_each(pos, &p->certificates.all)
		review_certificate(p, container_of(pos, struct roll_entry, link));
	list_for_each(pos, &p->directories.all)
		review_directory(p, container_of(pos, struct roll_entry, link));
}
