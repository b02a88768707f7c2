"""Messages for people who are not there: XEP-0160, with XEP-0203 and XEP-0334."""
import re
import time

import pytest

from im import drain, settle, stored
from xmpp import CLIENT, body, condition

DELAY = "{urn:xmpp:delay}delay"
HINTS = "xmlns='urn:xmpp:hints'"
STATE = "<composing xmlns='http://jabber.org/protocol/chatstates'/>"
RECEIPT = "<request xmlns='urn:xmpp:receipts'/>"


@pytest.fixture
def away(suite, raw):
    """Alice, and bob's way back: available with whatever priority."""
    def back(resource="back", priority=0):
        return stored(raw(suite, "bob", resource, priority=None), priority)
    alice = raw(suite, "alice", "home")
    alice.back = back
    return alice


def leave(alice, inner="<body>x</body>", type="chat", id="m", to="bob@localhost"):
    type = f" type='{type}'" if type else ""
    alice.send(f"<message to='{to}'{type} id='{id}'>{inner}</message>")


@pytest.mark.section("XEP-0160", "XEP-0203")
def test_what_was_stored_comes_in_order_with_its_sender_its_id_and_its_time(away):
    before = int(time.time())
    for n in range(250):
        away.message("bob@localhost", f"message {n}", id=f"m{n}")
    away.ping()
    after = int(time.time()) + 1
    messages = away.back()
    assert [body(m) for m in messages] == [f"message {n}" for n in range(250)]
    assert [m.get("id") for m in messages] == [f"m{n}" for n in range(250)]
    assert {(m.get("from"), m.get("to"), m.get("type")) for m in messages} == {
        (away.jid, "bob@localhost", "chat")}
    for message in messages:
        [delay] = message.iter(DELAY)
        assert delay.get("from") == "localhost"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", delay.get("stamp"))
        at = time.strptime(delay.get("stamp")[:19] + "UTC", "%Y-%m-%dT%H:%M:%S%Z")
        assert before <= time.mktime(at) - time.timezone <= after


@pytest.mark.section("XEP-0160")
def test_it_comes_once(away):
    away.message("bob@localhost", "only once")
    away.ping()
    assert [body(m) for m in away.back()] == ["only once"]
    assert away.back("again") == []


KEPT = {
    # type, inner XML, stored?
    "chat": ("chat", "<body>x</body>", True),
    "normal": ("normal", "<body>x</body>", True),
    "no type": (None, "<body>x</body>", True),
    "a subject": ("normal", "<subject>x</subject>", True),
    "headline": ("headline", "<body>x</body>", False),
    "groupchat": ("groupchat", "<body>x</body>", False),
    "error": ("error", "<body>x</body><error type='cancel'/>", False),
    "a chat state alone": ("chat", STATE, False),
    "a chat state and a thread": ("chat", STATE + "<thread>t</thread>", False),
    "a chat state with a body": ("chat", STATE + "<body>x</body>", True),
    "no body at all": ("chat", "<x xmlns='urn:x'/>", True),
    "a receipt": ("chat", "<received xmlns='urn:xmpp:receipts' id='1'/>", True),
    "no-store": ("chat", f"<body>x</body><no-store {HINTS}/>", False),
    "no-permanent-store": ("chat", f"<body>x</body><no-permanent-store {HINTS}/>", True),
    "no-copy": ("chat", f"<body>x</body><no-copy {HINTS}/>", True),
    "store": ("chat", f"{STATE}<store {HINTS}/>", True),
}


@pytest.mark.section("XEP-0160", "XEP-0334")
@pytest.mark.parametrize("kind", KEPT)
def test_what_is_stored_and_what_is_not(quiet, raw, kind):
    type, inner, kept = KEPT[kind]
    alice = raw(quiet, "alice", "home")
    leave(alice, inner, type, "the-one")
    answers = [e for e in alice.ping() if e.tag == CLIENT + "message"]
    messages = stored(raw(quiet, "bob", "back", priority=None))
    assert [m.get("id") for m in messages] == (["the-one"] if kept else [])
    # What is lost is answered, but for what is never answered (RFC 6121 8.5.2.2).
    silent = kept or type in ("headline", "error")
    assert [condition(e)[1] for e in answers] == ([] if silent else ["service-unavailable"])


@pytest.mark.section("XEP-0160")
def test_a_resource_that_wants_no_messages_gets_none_of_them(away, suite, raw):
    away.message("bob@localhost", "for another")
    away.ping()
    shy = raw(suite, "bob", "shy", priority=-1)
    silent = raw(suite, "bob", "silent", priority=None)
    settle(away, shy, silent)
    assert [body(m) for m in away.back()] == ["for another"]
    assert not [e for e in shy.ping() + silent.ping() if e.tag == CLIENT + "message"]


@pytest.mark.section("XEP-0160")
def test_a_priority_that_rises_is_a_way_back_too(away, suite, raw):
    away.message("bob@localhost", "waited")
    away.ping()
    shy = raw(suite, "bob", "shy", priority=-1)
    shy.ping()
    assert [body(m) for m in stored(shy, 3)] == ["waited"]


@pytest.mark.section("XEP-0160")
def test_of_two_that_come_back_one_gets_it(away, suite, raw):
    for n in range(20):
        away.message("bob@localhost", str(n))
    away.ping()
    one, two = (raw(suite, "bob", r, priority=None) for r in ("one", "two"))
    for stream in (one, two):
        stream.send("<presence/>")
    got = [body(m) for s in (one, two) for m in drain(s) if m.find(DELAY) is not None]
    assert sorted(got, key=int) == [str(n) for n in range(20)]


@pytest.mark.section("XEP-0160")
def test_what_comes_meanwhile_waits_behind_what_is_stored(away, suite, raw):
    """To the account and to the resource itself: the order of one sender stays."""
    for n in range(150):
        away.message("bob@localhost", str(n))
    bob = raw(suite, "bob", "home", priority=None)
    bob.send("<presence/>")
    for n in range(150, 300):
        away.message(bob.jid if n % 2 else "bob@localhost", str(n))
    got = [body(bob.next_message()) for _ in range(300)]
    assert got == [str(n) for n in range(300)]


@pytest.mark.section("XEP-0160")
def test_beyond_the_quota_the_sender_is_told_what_is_full(make_suite, raw):
    suite = make_suite(settings={"routerd.offline_messages": 3})
    alice = raw(suite, "alice")
    for n in range(5):
        alice.message("bob@localhost", str(n), id=f"m{n}")
    answers = [e for e in alice.ping() if e.tag == CLIENT + "message"]
    assert [e.get("id") for e in answers] == ["m3", "m4"]
    assert {condition(e) for e in answers} == {("wait", "resource-constraint")}
    text = "{urn:ietf:params:xml:ns:xmpp-stanzas}text"
    assert "routerd.offline_messages" in answers[0].find(CLIENT + "error").findtext(text)
    bob = raw(suite, "bob", priority=None)
    assert [body(m) for m in stored(bob)] == ["0", "1", "2"]
    bob.close()
    alice.message("bob@localhost", "there is room again")
    assert not [e for e in alice.ping() if e.get("type") == "error"]


@pytest.mark.section("XEP-0160")
def test_one_who_just_came_back_to_a_full_store_is_refused_nothing(make_suite, raw):
    suite = make_suite(settings={"routerd.offline_messages": 3})
    alice = raw(suite, "alice")
    for n in range(3):
        alice.message("bob@localhost", str(n))
    alice.ping()
    bob = raw(suite, "bob", priority=None)
    bob.send("<presence/>" + "<message to='bob@localhost' type='chat'><body>3</body></message>")
    messages = [bob.next_message() for _ in range(4)]
    assert [m.get("type") for m in messages] == ["chat"] * 4
    assert [body(m) for m in messages] == ["0", "1", "2", "3"]


@pytest.mark.section("XEP-0160")
def test_a_server_that_stores_nothing_says_so_at_once(make_suite, raw):
    suite = make_suite(settings={"routerd.offline_messages": 0})
    alice = raw(suite, "alice")
    alice.message("bob@localhost", "x")
    assert condition(alice.next_message()) == ("cancel", "service-unavailable")
    reply = alice.iq("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", "localhost")
    assert "msgoffline" not in [f.get("var") for f in reply.iter(
        "{http://jabber.org/protocol/disco#info}feature")]


@pytest.mark.section("XEP-0160")
def test_it_is_still_there_after_a_restart(away, suite, raw):
    for n in range(10):
        away.message("bob@localhost", str(n))
    away.ping()
    suite.restart()
    bob = raw(suite, "bob", priority=None)
    assert [body(m) for m in stored(bob)] == [str(n) for n in range(10)]
    suite.restart()
    assert stored(raw(suite, "bob", priority=None)) == []


@pytest.mark.section("XEP-0160")
def test_what_a_client_did_not_take_waits_for_the_next_one(away, suite, raw):
    """Far more than a socket takes, for a client that reads nothing and is then gone."""
    text = "x" * 20000
    for n in range(400):
        away.message("bob@localhost", f"{n} {text}", id=str(n))
    away.ping()
    deaf = raw(suite, "bob", "deaf", priority=None)
    deaf.send("<presence/>")
    took = int(deaf.next_message().get("id"))
    deaf.close()
    got = [int(m.get("id")) for m in away.back()]
    assert took == 0 and got and got == list(range(got[0], 400))


@pytest.mark.section("XEP-0160")
def test_an_account_that_is_removed_takes_its_messages_with_it(away, suite, raw):
    away.message("bob@localhost", "for the old bob")
    away.ping()
    for command in (("del", "bob@localhost"), ("add", "bob@localhost", "--password-stdin")):
        done = suite.ctl("user", *command, input="another-1\n")
        assert done.returncode == 0, done.stderr
    bob = raw(suite).login("bob", "another-1").bind("new")
    assert stored(bob) == []
