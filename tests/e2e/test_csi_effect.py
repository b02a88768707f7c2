"""What a client is spared while nobody looks at it: XEP-0352."""
import pytest

from im import befriend, roster, settle
from xmpp import CLIENT, body

NS = "urn:xmpp:csi:0"
COMPOSING = "<composing xmlns='http://jabber.org/protocol/chatstates'/>"
pytestmark = pytest.mark.section("XEP-0352")


@pytest.fixture
def watched(suite, raw):
    """Bob, who sees alice, and whose phone lies in his pocket."""
    alice, bob = raw(suite, "alice", "home"), raw(suite, "bob", "phone")
    roster(bob)
    befriend(alice, bob)
    settle(alice, bob)
    bob.send(f"<inactive xmlns='{NS}'/>")
    bob.ping()
    return alice, bob


def active(stream):
    stream.send(f"<active xmlns='{NS}'/>")
    return stream.ping()


def shows(elements, sender):
    return [e.findtext(CLIENT + "show") for e in elements
            if e.tag == CLIENT + "presence" and e.get("from") == sender]


def test_it_is_a_feature_of_the_stream(shared, raw):
    assert raw(shared, "alice").features.find("{" + NS + "}csi") is not None


def test_of_many_changes_of_presence_the_last_comes(watched):
    """With the next thing that is for the client anyway: here the answer to its ping."""
    alice, bob = watched
    for show in ("away", "xa", "dnd", "chat"):
        alice.send(f"<presence><show>{show}</show></presence>")
    alice.ping()
    assert shows(bob.ping(), alice.jid) == ["chat"]


def test_what_waits_comes_when_somebody_looks(watched):
    """Nothing else is sent: <active/> alone brings it."""
    alice, bob = watched
    alice.send("<presence><show>xa</show></presence>")
    alice.ping()
    bob.send(f"<active xmlns='{NS}'/>")
    assert bob.next().findtext(CLIENT + "show") == "xa"


def test_a_message_comes_at_once_and_behind_the_presence_before_it(watched):
    alice, bob = watched
    alice.send("<presence><show>away</show></presence><presence><show>dnd</show></presence>")
    alice.message(bob.jid, "wake up")
    presence, message = bob.next(), bob.next()
    assert presence.findtext(CLIENT + "show") == "dnd" and body(message) == "wake up"
    # It is still inactive.
    alice.send("<presence><show>xa</show></presence><presence><show>away</show></presence>")
    alice.ping()
    assert shows(bob.ping(), alice.jid) == ["away"]


def test_chat_states_wait_and_the_last_of_them_counts(watched):
    alice, bob = watched
    for state in ("composing", "paused", "active"):
        alice.send(f"<message to='{bob.jid}' type='chat'>"
                   f"<{state} xmlns='http://jabber.org/protocol/chatstates'/></message>")
    alice.ping()
    messages = [e for e in bob.ping() if e.tag == CLIENT + "message"]
    assert len(messages) == 1
    assert messages[0].find("{http://jabber.org/protocol/chatstates}active") is not None


def test_a_chat_state_that_comes_with_a_message_comes_at_once(watched):
    alice, bob = watched
    alice.send(f"<message to='{bob.jid}' type='chat'><body>x</body>{COMPOSING}</message>")
    assert body(bob.next()) == "x"


@pytest.mark.parametrize("stanza", [
    "<message to='{bob}' type='headline'><body>x</body></message>",
    "<message to='{bob}' type='chat'><received xmlns='urn:xmpp:receipts' id='1'/></message>",
    "<iq to='{bob}' type='get' id='x'><ping xmlns='urn:xmpp:ping'/></iq>",
    "<presence to='{bob}' type='unsubscribe'/>",
], ids=["a headline", "a receipt", "a request", "the end of a subscription"])
def test_what_is_important_comes_at_once(watched, stanza):
    alice, bob = watched
    alice.send(stanza.format(bob=bob.jid))
    bob.until(lambda e: e.tag in (CLIENT + "message", CLIENT + "iq")
              or e.get("type") == "unsubscribe")


def test_the_last_word_of_one_who_went_comes_too(watched):
    alice, bob = watched
    alice.send("<presence><show>away</show></presence>")
    alice.close()
    came = []
    while not [e for e in came if e.get("type") == "unavailable"]:
        came += active(bob)
        bob.send(f"<inactive xmlns='{NS}'/>")
    seen = [e for e in came if e.tag == CLIENT + "presence" and e.get("from") == alice.jid]
    assert seen[-1].get("type") == "unavailable"


def test_an_active_client_gets_all_of_it(watched):
    alice, bob = watched
    active(bob)
    for show in ("away", "xa", "dnd"):
        alice.send(f"<presence><show>{show}</show></presence>")
    alice.ping()
    assert shows(bob.ping(), alice.jid) == ["away", "xa", "dnd"]


def test_each_of_many_senders_keeps_its_last(suite, raw):
    bob = raw(suite, "bob", "phone")
    alices = [raw(suite, "alice", f"r{n}") for n in range(5)]
    befriend(alices[0], bob)
    settle(bob, *alices)
    bob.send(f"<inactive xmlns='{NS}'/>")
    bob.ping()
    for n, alice in enumerate(alices):
        alice.send(f"<presence><show>xa</show></presence><presence><status>{n}</status></presence>")
        alice.ping()
    came = {e.get("from"): e.findtext(CLIENT + "status") for e in bob.ping()}
    assert came == {a.jid: str(n) for n, a in enumerate(alices)}


def test_nothing_that_was_kept_is_lost_when_it_turns_inactive_again(watched):
    alice, bob = watched
    alice.send("<presence><show>xa</show></presence>")
    alice.ping()
    bob.send(f"<inactive xmlns='{NS}'/><inactive xmlns='{NS}'/><active xmlns='{NS}'/>")
    assert bob.next().findtext(CLIENT + "show") == "xa"
