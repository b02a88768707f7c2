"""Where stanzas go: RFC 6121 8.5, one cell of its tables a line.

`bob` says how bob is there: a list of (resource, priority), priority None being a resource that has
sent no presence.  The answer is "stored" where the message comes at the next log-in.
"""
import pytest

from im import befriend, presences, send, stored
from xmpp import CLIENT, body, condition

R = ("r", 0)
THREE = [("a", 0), ("b", 5), ("c", -1)]
ERROR = "service-unavailable"
MESSAGES = [
    # section, to, type, bob's resources, who gets it, what alice gets
    ("8.5.1", "nobody@localhost", "chat", [], [], ERROR),
    ("8.5.1", "nobody@localhost", "normal", [], [], ERROR),
    ("8.5.1", "nobody@localhost", "groupchat", [], [], ERROR),
    ("8.5.1", "nobody@localhost", "headline", [], [], None),
    ("8.5.1", "nobody@localhost", "error", [], [], None),
    ("8.5.1", "nobody@localhost/x", "chat", [], [], ERROR),
    ("8.5.2.1", "bob@localhost", "chat", [R], ["r"], None),
    ("8.5.2.1", "bob@localhost", "normal", [R], ["r"], None),
    ("8.5.2.1", "bob@localhost", "odd", [R], ["r"], None),
    ("8.5.2.1", "bob@localhost", "headline", [R], ["r"], None),
    ("8.5.2.1", "bob@localhost", "groupchat", [R], [], ERROR),
    ("8.5.2.1", "bob@localhost", "error", [R], [], None),
    ("8.5.2.1", "bob@localhost", "chat", THREE, ["a", "b"], None),
    ("8.5.2.1", "bob@localhost", "normal", THREE, ["a", "b"], None),
    ("8.5.2.1", "bob@localhost", "headline", THREE, ["a", "b"], None),
    ("8.5.2.1", "bob@localhost", "groupchat", THREE, [], ERROR),
    ("8.5.2.1", "bob@localhost", "chat", [("r", -1)], [], "stored"),
    ("8.5.2.1", "bob@localhost", "normal", [("r", -1)], [], "stored"),
    ("8.5.2.1", "bob@localhost", "headline", [("r", -1)], [], None),
    ("8.5.2.1", "bob@localhost", "groupchat", [("r", -1)], [], ERROR),
    ("8.5.2.1", "bob@localhost", "error", [("r", -1)], [], None),
    ("8.5.2.2", "bob@localhost", "chat", [], [], "stored"),
    ("8.5.2.2", "bob@localhost", "normal", [], [], "stored"),
    ("8.5.2.2", "bob@localhost", "groupchat", [], [], ERROR),
    ("8.5.2.2", "bob@localhost", "headline", [], [], None),
    ("8.5.2.2", "bob@localhost", "error", [], [], None),
    ("8.5.2.2", "bob@localhost", "chat", [("r", None)], [], "stored"),
    ("8.5.2.2", "bob@localhost", "headline", [("r", None)], [], None),
    ("8.5.3.1", "bob@localhost/r", "chat", [R], ["r"], None),
    ("8.5.3.1", "bob@localhost/r", "normal", [R], ["r"], None),
    ("8.5.3.1", "bob@localhost/r", "groupchat", [R], ["r"], None),
    ("8.5.3.1", "bob@localhost/r", "headline", [R], ["r"], None),
    ("8.5.3.1", "bob@localhost/r", "error", [R], ["r"], None),
    ("8.5.3.1", "bob@localhost/r", "chat", [("r", -5), ("s", 0)], ["r"], None),
    ("8.5.3.1", "bob@localhost/r", "chat", [("r", None), ("s", 0)], ["r"], None),
    ("8.5.3.1", "BOB@LOCALHOST/r", "chat", [R], ["r"], None),
    ("8.5.3.2", "bob@localhost/other", "chat", THREE, ["a", "b"], None),
    ("8.5.3.2", "bob@localhost/other", "chat", [], [], "stored"),
    ("8.5.3.2", "bob@localhost/other", "chat", [("r", -1)], [], "stored"),
    ("8.5.3.2", "bob@localhost/other", "normal", [R], [], ERROR),
    ("8.5.3.2", "bob@localhost/other", "groupchat", [R], [], ERROR),
    ("8.5.3.2", "bob@localhost/other", "headline", [R], [], None),
    ("8.5.3.2", "bob@localhost/other", "error", [R], [], None),
]


def cell(value):
    if isinstance(value, list):
        return "+".join(f"{r}:{p}" for r, p in value) or "absent" \
            if not value or isinstance(value[0], tuple) else None
    return None


def cells(table):
    return [pytest.param(*row[1:], marks=pytest.mark.section("RFC 6121 " + row[0])) for row in table]


def got_before_mark(alice, streams):
    """What each of bob's streams got; a message to itself comes after all that was sent before."""
    got = {}
    for name, stream in streams.items():
        alice.message(stream.jid, "the last", id="mark")
        got[name] = []
        while True:
            element = stream.next()
            if element.get("id") == "mark":
                break
            got[name].append(element)
    return got


@pytest.mark.parametrize("to, type, bob, takers, answer", cells(MESSAGES), ids=cell)
def test_a_message_goes_where_rfc_6121_says(quiet, raw, to, type, bob, takers, answer):
    streams = {name: raw(quiet, "bob", name, priority=priority) for name, priority in bob}
    alice = raw(quiet, "alice", "home")
    alice.message(to, "hello", type)
    errors = [condition(e)[1] for e in alice.ping() if e.tag == CLIENT + "message"]
    assert errors == ([ERROR] if answer == ERROR else [])
    got = {name: [e for e in elements if e.tag == CLIENT + "message"]
           for name, elements in got_before_mark(alice, streams).items()}
    assert sorted(name for name, messages in got.items() if messages) == sorted(takers)
    for name in takers:
        [message] = got[name]
        assert message.get("from") == alice.jid and body(message) == "hello"
        assert message.get("to").lower() == to.lower()
        assert message.get("type", "normal") == (type if type != "odd" else "normal")
    late = stored(raw(quiet, "bob", "late", priority=None))
    assert [body(m) for m in late] == (["hello"] if answer == "stored" else [])


PRESENCE = [
    # section, to, type, bob's resources, who gets it
    ("8.5.1", "nobody@localhost", None, [], []),
    ("8.5.1", "nobody@localhost", "unavailable", [], []),
    ("8.5.1", "nobody@localhost", "subscribed", [], []),
    ("8.5.1", "nobody@localhost", "unsubscribe", [], []),
    ("8.5.1", "nobody@localhost", "unsubscribed", [], []),
    ("8.5.1", "nobody@localhost", "probe", [], []),
    ("8.5.1", "nobody@localhost", "error", [], []),
    ("8.5.2.1", "bob@localhost", None, THREE, ["a", "b", "c"]),
    ("8.5.2.1", "bob@localhost", "unavailable", THREE, ["a", "b", "c"]),
    ("8.5.2.1", "bob@localhost", None, [R, ("n", None)], ["r"]),
    ("8.5.2.1", "bob@localhost", "error", THREE, ["a", "b", "c"]),
    ("8.5.2.2", "bob@localhost", None, [], []),
    ("8.5.2.2", "bob@localhost", None, [("n", None)], []),
    ("8.5.3.1", "bob@localhost/b", None, THREE, ["b"]),
    ("8.5.3.1", "bob@localhost/b", "unavailable", THREE, ["b"]),
    ("8.5.3.1", "bob@localhost/c", None, THREE, ["c"]),
    ("8.5.3.1", "bob@localhost/b", "error", THREE, ["b"]),
    ("8.5.3.2", "bob@localhost/other", None, THREE, []),
    ("8.5.3.2", "bob@localhost/other", "unavailable", THREE, []),
    ("8.5.3.2", "bob@localhost/other", "subscribed", THREE, []),
    ("8.5.3.2", "bob@localhost/other", "unsubscribe", THREE, []),
    ("8.5.3.2", "bob@localhost/other", "unsubscribed", THREE, []),
]


@pytest.mark.parametrize("to, type, bob, takers", cells(PRESENCE), ids=cell)
def test_presence_goes_where_rfc_6121_says(quiet, raw, to, type, bob, takers):
    """Alice is seen by nobody: what comes is what she has sent, and its end when she goes."""
    streams = {name: raw(quiet, "bob", name, priority=priority) for name, priority in bob}
    alice = raw(quiet, "alice", "home")
    kind = f" type='{type}'" if type else ""
    inner = "<error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>" \
        if type == "error" else ""
    alice.send(f"<presence to='{to}'{kind} id='p'>{inner}</presence>")
    assert not [e for e in alice.ping() if e.get("type") == "error"]
    got = {name: [e for e in elements if e.get("id") == "p"]
           for name, elements in got_before_mark(alice, streams).items()}
    assert sorted(name for name, elements in got.items() if elements) == sorted(takers)
    for name in takers:
        [seen] = got[name]
        assert (seen.tag, seen.get("from"), seen.get("type")) == (
            CLIENT + "presence", alice.jid, type)


@pytest.mark.section("RFC 6121 8.5.3.2")
def test_a_subscription_request_to_a_resource_that_is_not_there_is_as_to_the_account(quiet, raw):
    bob, alice = raw(quiet, "bob", "b"), raw(quiet, "alice", "home")
    send(alice, "bob@localhost/other", "subscribe")
    seen = bob.until(lambda e: e.tag == CLIENT + "presence" and e.get("type") == "subscribe")
    assert seen.get("from") == "alice@localhost"
    send(bob, "alice@localhost", "unsubscribed")
    bob.ping()


# IQs, per 8.5.1 to 8.5.3.2: the server answers for accounts, and only for those.

IQS = [
    ("8.5.1", "nobody@localhost", ERROR),
    ("8.5.1", "nobody@localhost/x", ERROR),
    ("8.5.2.1", "bob@localhost", ERROR),
    ("8.5.2.2", "carol@localhost", ERROR),
    ("8.5.3.2", "bob@localhost/other", ERROR),
]


@pytest.mark.parametrize("to, answer", cells(IQS))
@pytest.mark.parametrize("type", ["get", "set"])
def test_a_request_that_nobody_takes_is_answered_by_the_server(make_suite, raw, to, answer, type):
    suite = make_suite(accounts={f"{n}@localhost": "pass-1" for n in ("alice", "bob", "carol")})
    bob, alice = raw(suite, "bob", "b"), raw(suite, "alice", "home")
    befriend(alice, bob)
    reply = alice.iq(type, "<x xmlns='urn:x'/>", to)
    assert condition(reply)[1] == answer and reply.get("from") == to
    assert not [e for e in bob.ping() if e.tag == CLIENT + "iq"]


@pytest.fixture
def friends(suite, raw):
    bob, alice = raw(suite, "bob", "b"), raw(suite, "alice", "home")
    befriend(alice, bob)
    return alice, bob


@pytest.mark.section("RFC 6121 8.5.3.1")
@pytest.mark.parametrize("type", ["get", "set"])
def test_a_request_to_a_resource_goes_there_and_its_answer_back(friends, type):
    alice, bob = friends
    alice.send(f"<iq type='{type}' id='q' to='{bob.jid}'><x xmlns='urn:x'/></iq>")
    request = bob.until(lambda e: e.get("id") == "q")
    assert (request.get("from"), request.get("type")) == (alice.jid, type)
    bob.send(f"<iq type='result' id='q' to='{alice.jid}'><y xmlns='urn:y'/></iq>")
    reply = alice.until(lambda e: e.get("id") == "q")
    assert (reply.get("from"), reply.get("type")) == (bob.jid, "result")
    assert reply.find("{urn:y}y") is not None


@pytest.mark.section("RFC 6121 8.5.3.1", "RFC 6121 8.5.3.2")
def test_to_a_stranger_a_resource_that_is_there_looks_like_one_that_is_not(shared, raw):
    """13: a request must not tell whether somebody is online to who may not see that."""
    bob, alice = raw(shared, "bob", "hidden"), raw(shared, "alice")
    there = alice.iq("get", "<ping xmlns='urn:xmpp:ping'/>", "bob@localhost/hidden", id="same")
    away = alice.iq("get", "<ping xmlns='urn:xmpp:ping'/>", "bob@localhost/nothere", id="same")
    assert condition(there) == condition(away) == ("cancel", ERROR)
    assert [c.tag for c in there] == [c.tag for c in away]
    assert not [e for e in bob.ping() if e.tag == CLIENT + "iq"]


@pytest.mark.section("RFC 6121 8.5.3.1")
def test_whom_bob_has_shown_himself_may_ask_him(shared, raw):
    """Directed presence is enough, and only as long as it lasts."""
    bob, alice = raw(shared, "bob", "shown"), raw(shared, "alice")
    bob.send(f"<presence to='{alice.jid}'/>")
    bob.ping()
    alice.send("<iq type='get' id='q1' to='bob@localhost/shown'><x xmlns='urn:x'/></iq>")
    assert bob.until(lambda e: e.tag == CLIENT + "iq").get("id") == "q1"
    bob.send(f"<iq type='result' id='q1' to='{alice.jid}'/>")
    bob.send(f"<presence to='{alice.jid}' type='unavailable'/>")
    bob.ping()
    assert condition(alice.iq("get", "<x xmlns='urn:x'/>", "bob@localhost/shown"))[1] == ERROR


@pytest.mark.section("RFC 6121 8.5.3.1")
def test_an_answer_is_delivered_whoever_sends_it(shared, raw):
    """The presence guard is for requests: results and errors always go through."""
    bob, alice = raw(shared, "bob", "asks"), raw(shared, "alice")
    for kind in ("result", "error"):
        alice.send(f"<iq type='{kind}' id='late-{kind}' to='{bob.jid}'/>")
        assert bob.until(lambda e: e.tag == CLIENT + "iq").get("id") == f"late-{kind}"


@pytest.mark.section("RFC 6121 8.5.3.1")
def test_presence_that_was_refused_is_no_way_in(shared, raw):
    """Alice shows herself to bob: that gives bob the right to ask her, and not her to ask him."""
    bob, alice = raw(shared, "bob", "quiet"), raw(shared, "alice")
    alice.send(f"<presence to='{bob.jid}'/>")
    alice.ping()
    assert (alice.jid, None) in presences(bob.ping())
    assert condition(alice.iq("get", "<x xmlns='urn:x'/>", bob.jid))[1] == ERROR
