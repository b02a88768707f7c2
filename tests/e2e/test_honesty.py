"""Nothing is advertised that is not used by a test.

Each feature that a client is shown stands in the table with the test that uses it; a feature that
is shown and not in the table fails, and so does a line of the table that is shown no longer.
"""
import ast
from pathlib import Path

import pytest

from xmpp import SASL, TLS

INFO = "{http://jabber.org/protocol/disco#info}"

SERVER = {
    "http://jabber.org/protocol/disco#info": "test_disco.test_the_server_says_what_it_is_and_can",
    "http://jabber.org/protocol/disco#items": "test_disco.test_the_server_s_items_are_its_components",
    "urn:xmpp:ping": "test_basic_services.test_the_server_answers_a_ping",
    "jabber:iq:version": "test_basic_services.test_the_version_is_that_of_the_program",
    "urn:xmpp:time": "test_basic_services.test_the_time_is_right",
    "jabber:iq:last": "test_last.test_the_server_says_how_long_it_has_been_up",
    "vcard-temp": "test_vcard.test_what_is_set_is_what_one_gets",
    "jabber:iq:private": "test_private.test_what_is_stored_comes_back",
    "urn:xmpp:blocking": "test_blocking.test_messages_of_the_blocked_do_not_come_and_are_refused",
    "urn:xmpp:carbons:2": "test_carbons.test_what_one_device_gets_the_others_see",
    "http://jabber.org/protocol/caps": "test_disco.test_the_hash_in_the_features_is_that_of_the_answer",
    "msgoffline": "test_offline.test_it_comes_once",
    "jabber:iq:register": "test_password.test_the_new_password_holds_and_the_old_one_does_not",
}
# A domain whose accounts are in a directory.
DIRECTORY = {
    **SERVER,
    "jabber:iq:search": "test_directory_search.test_a_search_by_elements_is_answered_by_items",
}
ACCOUNT = {
    "http://jabber.org/protocol/disco#info": "test_disco.test_the_own_account_is_registered",
    "http://jabber.org/protocol/disco#items": "test_disco.test_a_contact_may_ask_and_sees_the_resources",
    "urn:xmpp:ping": "test_basic_services.test_the_server_answers_a_ping",
    "jabber:iq:last": "test_last.test_of_one_who_has_gone_it_is_the_time_and_what_he_said_last",
    "vcard-temp": "test_vcard.test_anybody_may_see_that_of_another_who_need_not_be_there",
    "urn:xmpp:sid:0":
        "test_stanza_id.test_every_message_has_an_id_by_the_account_that_gets_it",
}
# Besides, to who administers the domain.
ADMINISTRATOR = {
    "http://jabber.org/protocol/commands": "test_admin_commands.test_how_many_are_there_and_who",
}
BEFORE_TLS = {
    TLS + "starttls": "test_login.test_before_tls_only_starttls_is_offered_and_it_is_required",
}
BEFORE_LOGIN = {
    SASL + "mechanisms": "test_login.test_scram_logs_in_and_the_server_proves_itself",
    "{urn:xmpp:sasl-cb:0}sasl-channel-binding":
        "test_login.test_a_binding_of_another_tls_session_is_refused",
    "{http://jabber.org/features/iq-auth}auth":
        "test_legacy_auth.test_an_old_client_logs_in_and_talks",
    "{http://jabber.org/features/iq-register}register":
        "test_registration.test_who_registers_can_log_in",
    "{urn:xmpp:stream-limits:0}limits": "test_features.test_the_limit_before_authentication_holds",
}
AFTER_LOGIN = {
    "{urn:ietf:params:xml:ns:xmpp-bind}bind": "test_bind.test_the_client_s_own_resource_is_taken",
    "{urn:ietf:params:xml:ns:xmpp-session}session":
        "test_bind.test_the_session_of_rfc_3921_is_optional_and_answered",
    "{urn:xmpp:sm:3}sm": "test_sm.test_a_lost_connection_is_resumed_with_all_that_came_meanwhile",
    "{urn:xmpp:csi:0}csi": "test_csi_effect.test_of_many_changes_of_presence_the_last_comes",
    "{urn:xmpp:features:rosterver}ver": "test_roster.test_an_older_version_gets_what_has_changed_in_order",
    "{urn:xmpp:features:pre-approval}sub": "test_subscription.test_what_was_approved_before_is_granted_without_a_question",
    "{http://jabber.org/protocol/caps}c":
        "test_disco.test_the_hash_in_the_features_is_that_of_the_answer",
    "{urn:xmpp:stream-limits:0}limits": "test_features.test_the_limits_are_those_of_the_settings_and_hold",
}
ALL = {"routerd.registration": "true", "c2sd.legacy_auth": "true",
       'domain "localhost".admins': ["bob@localhost"],
       'domain "people.example".directory': "main", 'directory "main".servers': ["ldaps://127.0.0.1:9"],
       'directory "main".bind': "anonymous", 'directory "main".base': "dc=example"}


def tests_there_are():
    found = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef):
                found.add(f"{path.stem}.{node.name}")
    return found


@pytest.fixture(scope="module")
def everything(make_shared):
    """An instance with all that may be switched on."""
    return make_shared(domains=["localhost", "people.example"], settings=ALL)


def asked(stream, to):
    reply = stream.iq("get", f"<query xmlns='{INFO[1:-1]}'/>", to)
    return [f.get("var") for f in reply.iter(INFO + "feature")]


@pytest.mark.parametrize("table", [SERVER, DIRECTORY, ACCOUNT, ADMINISTRATOR, BEFORE_TLS, BEFORE_LOGIN, AFTER_LOGIN],
                         ids=["server", "directory", "account", "administrator", "before TLS", "before log-in", "after log-in"])
def test_the_tests_that_the_table_names_are_there(table):
    assert sorted(set(table.values()) - tests_there_are()) == []


@pytest.mark.section("XEP-0030 3")
@pytest.mark.parametrize("user, to, table", [
    ("alice", "localhost", SERVER), ("alice", "people.example", DIRECTORY), ("alice", None, ACCOUNT),
    ("bob", "localhost", {**SERVER, **ADMINISTRATOR})],
    ids=["server", "directory", "account", "administrator"])
def test_each_feature_that_is_advertised_is_used_by_a_test(everything, raw, user, to, table):
    found = asked(raw(everything, user), to)
    assert sorted(found) == sorted(table)


@pytest.mark.section("RFC 6120 4.3")
def test_each_feature_of_a_stream_is_used_by_a_test(everything, raw):
    stream = raw(everything).open()
    assert sorted(f.tag for f in stream.features) == sorted(BEFORE_TLS)
    stream.starttls()
    assert sorted(f.tag for f in stream.features) == sorted(BEFORE_LOGIN)
    stream.scram("SCRAM-SHA-1", "alice", everything.password("alice@localhost"))
    stream.open()
    assert sorted(f.tag for f in stream.features) == sorted(AFTER_LOGIN)
