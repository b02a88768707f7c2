"""Copies for one's other devices: XEP-0280."""
import pytest

from xmpp import CLIENT, body, condition

NS = "urn:xmpp:carbons:2"
C = "{" + NS + "}"
FORWARDED = "{urn:xmpp:forward:0}forwarded"
pytestmark = pytest.mark.section("XEP-0280")


def carbons(stream, what="enable"):
    return stream.iq("set", f"<{what} xmlns='{NS}'/>")


@pytest.fixture
def devices(quiet, raw):
    """Alice, and bob's phone, desk, and one that wants no copies."""
    alice = raw(quiet, "alice", "home")
    phone, desk, plain = (raw(quiet, "bob", r) for r in ("phone", "desk", "plain"))
    for stream in (alice, phone, desk):
        assert carbons(stream).get("type") == "result"
    for stream in (phone, desk, plain):
        stream.ping()
    return alice, phone, desk, plain


def got(stream, sender):
    """The messages that `stream` has got, up to a mark that `sender` sends now."""
    sender.send(f"<message to='{stream.jid}' type='headline' id='mark'/>")
    messages = []
    while True:
        element = stream.next()
        if element.get("id") == "mark":
            return messages
        if element.tag == CLIENT + "message":
            messages.append(element)


def copy(message, direction):
    """The message inside a copy, whose outside must be right."""
    assert message.get("from") == "bob@localhost" and message.get("to").startswith("bob@localhost/")
    [wrapper] = [c for c in message if c.tag.startswith(C)]
    assert wrapper.tag == C + direction
    [inner] = wrapper.find(FORWARDED).findall(CLIENT + "message")
    assert message.get("type") == inner.get("type")
    return inner


def test_it_is_advertised(shared, raw):
    reply = raw(shared, "alice").iq("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>",
                                    "localhost")
    found = [f.get("var") for f in reply.iter("{http://jabber.org/protocol/disco#info}feature")]
    assert NS in found


def test_what_one_device_gets_the_others_see(devices):
    alice, phone, desk, plain = devices
    alice.message(phone.jid, "to the phone", id="m7")
    [message] = got(phone, alice)
    assert body(message) == "to the phone" and message.get("to") == phone.jid
    [message] = got(desk, alice)
    inner = copy(message, "received")
    assert message.get("to") == desk.jid
    assert (inner.get("from"), inner.get("to"), inner.get("id"), inner.get("type"), body(inner)) == (
        alice.jid, phone.jid, "m7", "chat", "to the phone")
    assert got(plain, alice) == []


def test_what_one_device_sends_the_others_see(devices):
    alice, phone, desk, plain = devices
    phone.message(alice.jid, "from the phone", id="m8")
    assert body(alice.next_message()) == "from the phone"
    inner = copy(got(desk, alice)[0], "sent")
    assert (inner.get("from"), inner.get("to"), inner.get("id"), body(inner)) == (
        phone.jid, alice.jid, "m8", "from the phone")
    assert got(phone, alice) == [] and got(plain, alice) == []


def test_to_the_account_each_gets_it_once(devices):
    alice, *all_of_bob = devices
    alice.message("bob@localhost", "to all")
    for stream in all_of_bob:
        [message] = got(stream, alice)
        assert body(message) == "to all" and message.get("from") == alice.jid


def test_a_device_that_wants_no_messages_still_gets_copies(quiet, raw):
    alice, phone = raw(quiet, "alice", "home"), raw(quiet, "bob", "phone")
    shy = raw(quiet, "bob", "shy", priority=-1)
    carbons(shy)
    alice.message("bob@localhost", "to all")
    assert body(got(phone, alice)[0]) == "to all"
    assert body(copy(got(shy, alice)[0], "received")) == "to all"


KINDS = {
    # type, inner XML, copied?
    "chat": ("chat", "<body>x</body>", True),
    "chat without a body": ("chat", "<x xmlns='urn:x'/>", True),
    "a chat state": ("chat", "<paused xmlns='http://jabber.org/protocol/chatstates'/>", True),
    "normal with a body": ("normal", "<body>x</body>", True),
    "no type with a body": (None, "<body>x</body>", True),
    "normal without a body": ("normal", "<x xmlns='urn:x'/>", False),
    "normal with a receipt": ("normal", "<received xmlns='urn:xmpp:receipts' id='1'/>", True),
    "groupchat": ("groupchat", "<body>x</body>", False),
    "headline": ("headline", "<body>x</body>", False),
    "private": ("chat", f"<body>x</body><private xmlns='{NS}'/>", False),
    "no-copy": ("chat", "<body>x</body><no-copy xmlns='urn:xmpp:hints'/>", False),
    "a room's invitation": ("normal", "<body>x</body><x xmlns='http://jabber.org/protocol/"
                            "muc#user'><invite/></x>", False),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("direction", ["received", "sent"])
def test_what_is_copied_and_what_is_not(devices, kind, direction):
    alice, phone, desk, _ = devices
    type, inner, copied = KINDS[kind]
    type = f" type='{type}'" if type else ""
    sender, to = (alice, phone.jid) if direction == "received" else (phone, alice.jid)
    sender.send(f"<message to='{to}'{type} id='k'>{inner}</message>")
    receiver = phone if direction == "received" else alice
    assert [m.get("id") for m in got(receiver, sender)] == ["k"]
    copies = got(desk, sender)
    assert len(copies) == copied
    if copied:
        assert copy(copies[0], direction).get("id") == "k"


def test_an_error_comes_to_all_who_saw_the_message(devices):
    """6.1: an error for a message that was copied is one for the whole account; it goes to the
    device that sent it, and to nobody as a message to be shown."""
    alice, phone, desk, _ = devices
    phone.message("nobody@localhost", "x", id="lost")
    error = phone.next_message()
    assert condition(error)[1] == "service-unavailable" and error.get("id") == "lost"
    assert copy(got(desk, alice)[0], "sent").get("id") == "lost"


def test_a_forged_copy_is_an_ordinary_message(devices):
    """11: whoever is not the own account cannot make what looks like a copy from it."""
    alice, phone, desk, _ = devices
    forged = (f"<received xmlns='{NS}'><forwarded xmlns='urn:xmpp:forward:0'><message "
              "xmlns='jabber:client' from='boss@localhost' to='bob@localhost/desk'>"
              "<body>forged</body></message></forwarded></received>")
    alice.send(f"<message to='{desk.jid}' type='chat' id='f'>{forged}</message>")
    [message] = got(desk, alice)
    assert message.get("from") == alice.jid
    assert got(phone, alice) == []  # and a copy of a copy is none


def test_disabled_means_no_more(devices):
    alice, phone, desk, _ = devices
    assert carbons(desk, "disable").get("type") == "result"
    alice.message(phone.jid, "x")
    assert got(desk, alice) == []
    assert carbons(desk).get("type") == "result"
    alice.message(phone.jid, "y")
    assert body(copy(got(desk, alice)[0], "received")) == "y"


def test_enabling_twice_is_as_good_as_once(devices):
    alice, phone, desk, _ = devices
    assert carbons(desk).get("type") == "result"
    alice.message(phone.jid, "x")
    assert len(got(desk, alice)) == 1


def test_it_is_for_the_session_and_ends_with_it(devices, quiet, raw):
    alice, phone, desk, _ = devices
    desk.close()
    again = raw(quiet, "bob", "desk")
    alice.message(phone.jid, "x")
    assert got(again, alice) == []


def test_nobody_switches_them_on_for_another(shared, raw):
    alice = raw(shared, "alice")
    reply = alice.iq("set", f"<enable xmlns='{NS}'/>", "bob@localhost")
    assert condition(reply)[1] == "service-unavailable"


def test_a_message_to_oneself_gives_no_copy_of_what_one_has(devices):
    _, phone, desk, _ = devices
    phone.message(desk.jid, "note")
    messages = got(desk, phone)
    assert [body(m) for m in messages if body(m)] == ["note"]
