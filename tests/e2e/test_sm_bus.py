"""What c2sd says of sessions with stream management, word for word (custody.md, 4, 12)."""
import struct

import pytest

import bus
import sm
from front import CREDIT, make_front  # noqa: F401 (a fixture)
from xmpp import StreamError


CONFLICT, RESET = 3, 16  # enum stream_error


@pytest.fixture
def front(make_front):  # noqa: F811
    return make_front()


@pytest.fixture
def holding(front):
    """A client with stream management that has got two messages and was asked about them; holding.connection."""
    client, client.connection = front.bound()
    client.send(f"<enable {sm.NS} resume='true'/>")
    _, subject, _ = front.router.expect("SM_ENABLE")
    front.router.send("SM_ENABLED", subject, id="x" * 32, max=600)
    client.until(sm.is_sm("enabled"))
    client.message("bob@localhost", "all that it has said is safe")
    front.router.expect("SUBMIT")
    front.router.safe(subject, 1)
    sm.handles(client, 1)
    for n in (1, 2):
        front.router.deliver([(subject, n)], bus.envelope(inner="<body>x</body>"))
    sm.stanzas(client, 2)
    return client


def leave(front, client):
    client.send("</stream:stream>")
    front.router.expect("CLOSED")


def marks(body):
    """(connection, number) of a DONE."""
    return list(struct.iter_unpack(">QQ", body["marks"]))


def test_an_acknowledgement_is_told_though_there_is_nothing_to_write(front, holding):
    sm.ack(holding, 2)
    assert marks(front.router.expect("DONE")[2]) == [(holding.connection, 2)]
    leave(front, holding)


def test_to_a_routerd_that_starts_nothing_is_told_before_it_knows_the_session(front, holding):
    front.router.socket.close()
    front.router = front.accept(credit=False)
    restored = front.router.expect("RESTORE")[2]
    assert (restored["out_number"], restored["out_done"]) == (2, 0)
    front.router.expect("RESTORED")
    sm.ack(holding, 2)
    sm.handles(holding, 1)
    front.router.silent("DONE")
    front.router.send("CREDIT", **CREDIT)
    assert marks(front.router.expect("DONE")[2]) == [(holding.connection, 2)]
    leave(front, holding)


@pytest.fixture
def lost(front, holding):
    """The same, after its client was lost."""
    holding.close()
    front.router.expect("DETACHED")
    return holding


def ends_in_order(front):
    front.router.silent("DETACHED")
    front.finish()


def test_a_session_that_sleeps_in_routerd_is_carried_no_longer(front, lost):
    front.router.send("DROP", lost.connection)
    ends_in_order(front)


def test_a_session_that_a_new_routerd_does_not_know_is_carried_no_longer(front, lost):
    front.router.socket.close()
    front.router = front.accept()
    front.router.expect("RESTORED")
    front.router.send("KILL", lost.connection, condition=RESET, text="the session is not known any more")
    assert front.router.expect("CLOSED")[1] == lost.connection
    ends_in_order(front)


def test_a_session_that_is_fenced_and_then_not_known_is_carried_no_longer(front, holding):
    front.router.send("FENCE", holding.connection, condition=CONFLICT, text="resumed elsewhere")
    with pytest.raises(StreamError):
        holding.next()
    front.router.socket.close()
    front.router = front.accept()
    front.router.expect("RESTORED")
    front.router.send("KILL", holding.connection, condition=RESET, text="the session is not known any more")
    assert front.router.expect("CLOSED")[1] == holding.connection
    ends_in_order(front)
