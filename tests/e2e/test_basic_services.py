"""The small services that every client asks for: XEP-0092, XEP-0199, XEP-0202, and XEP-0212."""
import re
import time

import pytest

from im import befriend, roster
from xmpp import condition

PING = "<ping xmlns='urn:xmpp:ping'/>"
VERSION = "{jabber:iq:version}"
TIME = "{urn:xmpp:time}"


@pytest.mark.section("XEP-0199")
@pytest.mark.parametrize("to", [None, "localhost", "alice@localhost"])
def test_the_server_answers_a_ping(shared, raw, to):
    reply = raw(shared, "alice").iq("get", PING, to)
    assert reply.get("type") == "result" and len(reply) == 0


@pytest.mark.section("XEP-0199")
def test_a_contact_is_pinged_by_its_own_client(suite, raw):
    alice, bob = raw(suite, "alice"), raw(suite, "bob")
    befriend(alice, bob)
    alice.send(f"<iq type='get' id='p' to='{bob.jid}'>{PING}</iq>")
    assert bob.until(lambda e: e.get("id") == "p").find("{urn:xmpp:ping}ping") is not None


@pytest.mark.section("XEP-0199")
@pytest.mark.parametrize("to", ["bob@localhost", "nobody@localhost"])
def test_a_ping_does_not_tell_who_there_is(shared, raw, to):
    assert condition(raw(shared, "alice").iq("get", PING, to)) == ("cancel", "service-unavailable")


@pytest.mark.section("XEP-0092")
def test_the_version_is_that_of_the_program(shared, raw):
    reply = raw(shared, "alice").iq("get", "<query xmlns='jabber:iq:version'/>", "localhost")
    query = reply.find(VERSION + "query")
    assert query.findtext(VERSION + "name") == "Bulkhead"
    from suite import BIN, run
    assert query.findtext(VERSION + "version") in run(BIN / "bulkheadctl", "--version").stdout
    assert query.find(VERSION + "os") is None  # nobody's business


@pytest.mark.section("XEP-0202")
def test_the_time_is_right(shared, raw):
    before = int(time.time())
    reply = raw(shared, "alice").iq("get", "<time xmlns='urn:xmpp:time'/>", "localhost")
    after = int(time.time()) + 1
    found = reply.find(TIME + "time")
    assert re.fullmatch(r"[+-]\d\d:\d\d|Z", found.findtext(TIME + "tzo"))
    utc = found.findtext(TIME + "utc")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", utc)
    at = time.mktime(time.strptime(utc[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
    assert before <= at <= after


@pytest.mark.section("XEP-0092", "XEP-0199", "XEP-0202")
@pytest.mark.parametrize("child", [PING, "<query xmlns='jabber:iq:version'/>",
                                   "<time xmlns='urn:xmpp:time'/>"])
def test_they_are_asked_and_not_set(shared, raw, child):
    assert raw(shared, "alice").iq("set", child, "localhost").get("type") == "error"


@pytest.mark.section("XEP-0212")
def test_a_basic_client_s_life(suite, raw):
    """What XEP-0212 asks of a basic server, in one go: log in, roster, presence, chat, disco."""
    alice, bob = raw(suite, "alice"), raw(suite, "bob")
    assert roster(alice) == {}
    befriend(alice, bob)
    assert roster(alice)["bob@localhost"].state == "both"
    alice.message("bob@localhost", "hello")
    assert bob.next_message().get("from") == alice.jid
    reply = alice.iq("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", "localhost")
    assert reply.get("type") == "result"
