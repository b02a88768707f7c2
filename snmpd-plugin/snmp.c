/* The daemon: its view of the suite, and its place in the machine's agent. */
#include "snmpd-plugin/snmp.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "daemon/log.h"
#include "snmpd-plugin/agent.h"
#include "snmpd-plugin/alarms.h"
#include "snmpd-plugin/appl.h"
#include "snmpd-plugin/suite.h"
#include "snmpd-plugin/traps.h"

int snmp_plugin_open(struct daemon *d)
{
	struct snmp_plugin *p;

	if (conf_text(d->conf, "snmp.agentx_socket") == NULL) {
		daemon_fail(d, "snmp.agentx_socket is not set: snmp { agentx_socket = \"/var/agentx/master\" }, "
			"as in snmpd.conf");
		return BH_ECONFIG;
	}
	p = bh_alloc(sizeof *p);
	p->daemon = d;
	d->state = p;
	return 0;
}

static void on_picture(void *owner)
{
	struct snmp_plugin *p = owner;

	p->picture = watch_picture(p->watch);
	daemons_take(&p->daemons, p->picture);
	appl_take(p->appl, p);
	suite_take(p->suite, p);
	alarms_review(p);
}

static void on_router(void *owner, const char *why)
{
	(void)owner;
	if (why == NULL)
		log_info("router-up", "role=snmp");
	else
		log_warn("router-down", "reason=%s", LOG_TEXT(why));
}

static int on_agent_ready(void *owner)
{
	struct snmp_plugin *p = owner;
	int rc = appl_register(p, &p->appl);

	return rc == 0 ? suite_register(p, &p->suite) : rc;
}

static void on_agent(void *owner, bool up)
{
	struct snmp_plugin *p = owner;

	if (up)
		log_info("agent-up", "socket=%s", LOG_TEXT(conf_text(p->daemon->conf, "snmp.agentx_socket")));
	else
		log_warn("agent-down", "socket=%s", LOG_TEXT(conf_text(p->daemon->conf, "snmp.agentx_socket")));
	traps_link(p->traps, up);
}

static void take_settings(struct snmp_plugin *p)
{
	const struct conf *conf = p->daemon->conf;

	p->certificate_days = (unsigned)conf_number(conf, "snmp.certificate_days");
	watch_set_wish(p->watch, conf_bool(conf, "snmp.client_associations") ? WATCH_ALL : WATCH_SERVERS);
}

static int start(struct snmp_plugin *p)
{
	struct watch_spec watch = {
		.daemon = p->daemon, .role = ROLE_SNMP, .on_picture = on_picture, .on_router = on_router, .owner = p};
	struct agent_spec agent = {
		.loop = p->daemon->loop, .socket = conf_text(p->daemon->conf, "snmp.agentx_socket"),
		.on_ready = on_agent_ready, .on_link = on_agent, .owner = p};
	int rc = watch_start(&watch, &p->watch);

	if (rc == 0)
		rc = agent_start(&agent, &p->agent);
	return rc;
}

int snmp_plugin_start(struct daemon *d)
{
	struct snmp_plugin *p = d->state;
	int rc;

	daemons_init(&p->daemons);
	roll_init(&p->certificates);
	roll_init(&p->directories);
	p->traps = traps_create();
	rc = start(p);
	if (rc != 0) {
		daemon_fail(d, "cannot be started: %s", bh_strerror(rc));
		return rc;
	}
	take_settings(p);
	on_picture(p);
	return 0;
}

int snmp_plugin_reload(struct daemon *d, const struct conf *old)
{
	(void)old;
	take_settings(d->state);
	return 0;
}

static void on_watch_stopped(void *arg)
{
	struct snmp_plugin *p = arg;
	struct daemon *d = p->daemon;

	traps_free(&p->traps);
	appl_free(&p->appl);
	suite_free(&p->suite);
	daemons_fini(&p->daemons);
	roll_fini(&p->certificates);
	roll_fini(&p->directories);
	free(p);
	daemon_stopped(d);
}

static void on_agent_stopped(void *arg)
{
	struct snmp_plugin *p = arg;

	watch_stop(&p->watch, on_watch_stopped, p);
}

void snmp_plugin_stop(struct daemon *d)
{
	struct snmp_plugin *p = d->state;

	agent_stop(&p->agent, on_agent_stopped, p);
}
