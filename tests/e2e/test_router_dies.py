"""What a client gets whose words come when routerd dies, or who judges it does."""
import os
import signal

import pytest

import sm
from front import PLAIN, make_front  # noqa: F401 (a fixture)
from suite import pause
from xmpp import SASL, StreamError


@pytest.fixture
def front(make_front):  # noqa: F811
    return make_front()


def in_that_moment(front, client, text):
    """c2sd finds both at once: the end of its link, and then what the client said."""
    pause(front.process.pid)
    os.waitid(os.P_PID, front.process.pid, os.WSTOPPED | os.WNOWAIT)
    front.router.socket.close()
    client.send(text)
    os.kill(front.process.pid, signal.SIGCONT)


def first_error(client):
    """The stream error that comes before anything else."""
    with pytest.raises(StreamError) as caught:
        client.next()
    return caught.value.condition


def test_a_session_is_not_said_to_be_gone(front):
    client, _ = front.authenticated()
    in_that_moment(front, client, f"<resume {sm.NS} previd='{'0' * 32}' h='0'/>")
    assert first_error(client) == "system-shutdown"


def test_a_bind_is_not_a_bad_request(front):
    client, _ = front.authenticated()
    in_that_moment(front, client,
                   "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
    assert first_error(client) == "system-shutdown"


def test_credentials_are_not_judged(front):
    client = front.secure()
    in_that_moment(front, client,
                   f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{PLAIN}</auth>")
    assert client.verdict() == "temporary-auth-failure"


# Between a challenge and its answer.

TEMPORARY = 11  # enum sasl_error
RESPONSE = "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>Yz1iaXdz</response>"


@pytest.fixture
def challenged(front):
    """A client that has the word; its connection is challenged.connection."""
    client = front.secure()
    client.auth("SCRAM-SHA-256", "biwsbj1hbGljZSxyPXh4")
    _, client.connection, _ = front.router.expect("AUTH_BEGIN")
    front.router.send("AUTH_CHALLENGE", client.connection, data=b"cj14eA==")
    assert client.next().tag == SASL + "challenge"
    return client


def test_the_answer_to_a_challenge_of_a_dead_authd_is_refused_for_now(front, challenged):
    front.router.send("AUTH_RESULT", challenged.connection, condition=TEMPORARY, account=None)
    front.router.silent("CLOSED")
    challenged.send(RESPONSE)
    assert challenged.verdict() == "temporary-auth-failure"
    challenged.auth("PLAIN", PLAIN)  # and it may try again
    front.router.judge()
    assert challenged.verdict() == "success"


def test_the_answer_to_a_challenge_of_a_dead_routerd_is_refused_for_now(front, challenged):
    front.router.socket.close()
    front.router = front.accept()
    challenged.send(RESPONSE)
    assert challenged.verdict() == "temporary-auth-failure"
    challenged.auth("PLAIN", PLAIN)
    front.router.judge()
    assert challenged.verdict() == "success"
