"""Client state indication (XEP-0352), as routerd hears of it."""
import pytest

from front import front, make_front  # noqa: F401

pytestmark = pytest.mark.section("XEP-0352")

ACTIVE, INACTIVE = "<active xmlns='urn:xmpp:csi:0'/>", "<inactive xmlns='urn:xmpp:csi:0'/>"


def message(body):
    return f"<message to='bob@localhost'><body>{body}</body></message>"


def heard(front, count):
    """What comes of the client: bodies of stanzas, and states."""
    found = []
    while len(found) < count:
        name, _, values = front.router.expect("SUBMIT", "CLIENT_STATE")
        found.append(bool(values["active"]) if name == "CLIENT_STATE" else
                     values["stanza"].decode("latin-1").split("<body>")[1].split("<")[0])
    return found


def test_states_come_in_order_with_the_stanzas_around_them(front):
    client, _ = front.bound()
    client.send(message(1) + INACTIVE + message(2) + ACTIVE + message(3))
    assert heard(front, 5) == ["1", False, "2", True, "3"]


def test_a_state_alone_is_told_at_once(front):
    client, connection = front.bound()
    client.send(INACTIVE)
    name, subject, values = front.router.expect("CLIENT_STATE")
    assert (subject, values) == (connection, {"active": 0})
    client.send(ACTIVE)
    assert heard(front, 1) == [True]


def test_what_is_known_is_not_told_again(front):
    client, _ = front.bound()
    client.send(ACTIVE + message(1) + INACTIVE + INACTIVE + message(2) + INACTIVE + message(3))
    assert heard(front, 4) == ["1", False, "2", "3"]


def test_of_many_states_between_two_stanzas_the_last_one_counts(front):
    client, _ = front.bound()
    client.send(message(1) + (INACTIVE + ACTIVE) * 40 + INACTIVE + message(2)
                + (ACTIVE + INACTIVE) * 40 + message(3))
    assert heard(front, 4) == ["1", False, "2", "3"]


def test_a_state_waits_behind_the_stanzas_that_wait_for_credit(front):
    front.router.send("CREDIT", link_bytes=1 << 24, session_stanzas=1, session_bytes=1 << 18)
    client, connection = front.bound()
    client.send(message(1) + message(2) + INACTIVE + message(3) + ACTIVE)
    assert heard(front, 1) == ["1"]
    front.router.silent("SUBMIT", "CLIENT_STATE")
    front.router.safe(connection, 1)
    assert heard(front, 2) == ["2", False]
    front.router.silent("SUBMIT", "CLIENT_STATE")
    front.router.safe(connection, 2)
    assert heard(front, 2) == ["3", True]


def test_before_there_is_a_session_it_is_an_unknown_element(front):
    client = front.secure()
    client.send(INACTIVE)
    assert client.error() == "not-authorized"
    client, _ = front.authenticated()
    client.send(INACTIVE)
    assert client.error() == "unsupported-stanza-type"


def test_another_element_of_the_namespace_is_unknown(front):
    client, _ = front.bound()
    client.send("<asleep xmlns='urn:xmpp:csi:0'/>")
    assert client.error() == "unsupported-stanza-type"
