/* Which function takes which message. */
#include "routerd/handlers.h"

#include "routerd/abroad.h"
#include "routerd/accepted.h"
#include "routerd/admin.h"
#include "routerd/conversation.h"
#include "routerd/client_state.h"
#include "routerd/instances.h"
#include "routerd/mechanisms.h"
#include "routerd/proofs.h"
#include "routerd/registration.h"
#include "routerd/relay.h"
#include "routerd/restore.h"
#include "routerd/resume.h"
#include "routerd/watch.h"

const struct bus_handler router_handlers[] = {
	{BUS_MECHANISMS, on_mechanisms},
	{BUS_AUTH_BEGIN, on_auth_begin},
	{BUS_AUTH_STEP, on_auth_step},
	{BUS_AUTH_ABORT, on_auth_abort},
	{BUS_AUTH_CHALLENGE, on_auth_challenge},
	{BUS_AUTH_VERDICT, on_auth_verdict},
	{BUS_BIND, on_bind},
	{BUS_CLOSED, on_closed},
	{BUS_SM_ENABLE, on_sm_enable},
	{BUS_RESUME, on_resume},
	{BUS_DETACHED, on_detached},
	{BUS_RESTORE, on_restore},
	{BUS_RESTORE_STANZA, on_restore_stanza},
	{BUS_ACCEPTED, on_accepted},
	{BUS_RESTORED, on_restored},
	{BUS_SUBMIT, on_submit},
	{BUS_DONE, on_done},
	{BUS_CTL_REQUEST, on_ctl_request},
	{BUS_ACCOUNT_PUT, on_account_put},
	{BUS_ACCOUNT_ROW, on_account_row},
	{BUS_ACCOUNT_REPLY, on_account_reply},
	{BUS_ACCOUNT_FOUND, on_account_found},
	{BUS_CLIENT_STATE, on_client_state},
	{BUS_REGISTRATION, on_registration},
	{BUS_ACCOUNT_CHANGED, on_account_changed},
	{BUS_STATS, on_stats},
	{BUS_CTL_COLUMNS, on_ctl_columns},
	{BUS_CTL_ROW, on_ctl_row},
	{BUS_CTL_END, on_ctl_end},
	{BUS_PROVE, on_prove},
	{BUS_UNREACHABLE, on_unreachable},
	{BUS_WAY_STATE, on_way_state},
	{BUS_GOODBYE, on_goodbye},
	{BUS_WATCH, on_watch},
	{BUS_ASSOCIATIONS, on_associations},
	{0, NULL},
};
