"""Stream management of streams to us: acknowledged when safe, resumed after a loss (XEP-0198)."""
import pytest

import sm
from federation import net  # noqa: F401 (a fixture)
from test_s2s_attacks import REMOTE, alice, connect, one  # noqa: F401 (fixtures)
from test_s2s_custody import kill
from xmpp import body


@pytest.fixture
def certificate(one):  # noqa: F811
    return one.certificate_of(REMOTE)


@pytest.fixture
def managed(one, connect, certificate, alice):  # noqa: F811
    """A stream of evil.example's with stream management, on which one message has come."""
    stream = connect(one, REMOTE, certificate=certificate).authenticate()
    assert stream.features.find(sm.SM + "sm") is not None
    sm.enable(stream)
    stream.message(alice.jid, "one")
    assert body(alice.next_message()) == "one"
    sm.handles(stream, 1)
    return stream


def again(one, connect, certificate):  # noqa: F811
    return connect(one, REMOTE, certificate=certificate).authenticate()


def goes_on(stream, alice, handled):  # noqa: F811
    stream.message(alice.jid, "more")
    assert body(alice.next_message()) == "more"
    sm.handles(stream, handled + 1)


@pytest.mark.section("XEP-0198")
def test_a_stream_that_is_lost_is_resumed(one, connect, certificate, managed, alice):  # noqa: F811
    managed.close()
    stream = again(one, connect, certificate)
    assert sm.resume(stream, managed.sm_id, 0) == 1
    goes_on(stream, alice, 1)


def test_while_the_old_one_still_looks_alive(one, connect, certificate, managed, alice):  # noqa: F811
    stream = again(one, connect, certificate)
    assert sm.resume(stream, managed.sm_id, 0) == 1
    assert managed.error() == "conflict"
    goes_on(stream, alice, 1)


@pytest.mark.parametrize("daemon", ["s2sd@1", "routerd"])
def test_after_the_death_of(one, connect, certificate, managed, alice, daemon):  # noqa: F811
    kill(one, daemon)
    managed.close()
    stream = again(one, connect, certificate)
    assert sm.resume(stream, managed.sm_id, 0) == 1
    goes_on(stream, alice, 1)


def test_one_that_was_closed_is_not_and_a_new_one_begins(one, connect, certificate, managed, alice):  # noqa: F811
    managed.send("</stream:stream>")
    managed.closed()
    stream = again(one, connect, certificate)
    sm.ask(stream, managed.sm_id, 0)
    assert sm.refusal(stream) == ("item-not-found", "1")
    sm.enable(stream)
    goes_on(stream, alice, 0)


def test_nobody_resumes_the_stream_of_another(one, connect, managed):  # noqa: F811
    managed.close()
    stream = connect(one, "good.example", certificate=one.certificate_of("good.example")).authenticate()
    sm.ask(stream, managed.sm_id, 0)
    assert sm.refusal(stream)[0] == "item-not-found"


def test_not_in_the_middle_of_a_stream(one, connect, certificate, managed, alice):  # noqa: F811
    stream = again(one, connect, certificate)
    stream.message(alice.jid, "first")
    alice.next_message()
    sm.ask(stream, managed.sm_id, 0)
    assert sm.refusal(stream)[0] == "unexpected-request"


def test_not_before_a_proof(one, connect):  # noqa: F811
    stream = connect(one, REMOTE).begin()
    stream.send(f"<enable {sm.NS}/>")
    assert sm.refusal(stream)[0] == "unexpected-request"
