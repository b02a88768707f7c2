"""What a client gets whose words come in the moment in which routerd dies."""
import os
import signal

import pytest

import sm
from front import PLAIN, make_front  # noqa: F401 (a fixture)
from xmpp import StreamError


@pytest.fixture
def front(make_front):  # noqa: F811
    return make_front()


def in_that_moment(front, client, text):
    """c2sd finds both at once: the end of its link, and then what the client said."""
    os.kill(front.process.pid, signal.SIGSTOP)
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
