"""Whoever asks without end and reads no answer costs a front end no memory; whoever reads them gets them all."""
import time

import pytest

from remote import Stream
from suite import PATIENCE, SANITIZED
from test_attacks import Meter, c2sd

MB = 1 << 20
COMPRESS = b"<compress xmlns='http://jabber.org/protocol/compress'/>"
ENABLE = b"<enable xmlns='urn:xmpp:sm:3'/>"
FAILED = b"<failed xmlns='urn:xmpp:sm:3'>"
VERIFY = b"<db:verify from='evil.example' to='localhost' id='x'>aa</db:verify>"
RESULT = b"<db:result from='evil.example' to='nobody.example'>aa</db:result>"
NOT_READ = "stream-error .*reason=\"it does not read what it is answered\""


class Talker:
    """Says one thing again and again; what the server does not take waits here."""

    def __init__(self, stream, element):
        self.wire, self.element = stream.wire, element
        self.waiting, self.said = b"", 0

    def flush(self):
        while self.waiting:
            self.waiting = self.waiting[self.wire.socket.send(self.waiting):]

    def encrypted(self, data):
        if self.wire.tls is None:
            return data
        self.wire.tls.send(data)
        return self.wire.tls.bio_read(2 * len(data))

    def talk(self, most):
        """Until the server takes no more, or ends it: False; or so many bytes are said."""
        batch = 15000 // len(self.element)
        self.wire.socket.settimeout(2)
        try:
            while self.said * len(self.element) < most:
                self.waiting = self.encrypted(self.element * batch)
                self.said += batch
                self.flush()
        except OSError:
            return False
        return True

    def count(self, answer):
        """How often that comes for all that was said."""
        rest, found, deadline = b"", 0, time.monotonic() + PATIENCE
        while found < self.said - 1 and time.monotonic() < deadline:
            self.push_on()
            rest += self.wire.receive(deadline)
            found += rest.count(answer)
            rest = rest[rest.rfind(b">") + 1:] if answer not in rest else rest[rest.rfind(answer) + len(answer):]
        return found

    def push_on(self):
        self.wire.socket.setblocking(False)
        try:
            self.flush()
        except BlockingIOError:
            pass


def grown(meter, before):
    return 0 if SANITIZED else meter.rss() - before


@pytest.fixture
def strict(make_suite):
    return make_suite(settings={"c2sd.write_timeout": 5})


def test_a_stranger_who_reads_no_answer_is_closed(suite, raw):
    meter = c2sd(suite)
    before = meter.rss()
    Talker(raw(suite).open(), COMPRESS).talk(64 * MB)
    suite.log.wait(NOT_READ)
    assert grown(meter, before) < 4 * MB


def test_a_client_who_reads_no_answer_is_not_read_and_gets_them_all_later(suite, raw):
    meter, alice = c2sd(suite), raw(suite, "alice", priority=None)
    before, talker = meter.rss(), Talker(alice, ENABLE)
    assert not talker.talk(64 * MB)
    assert grown(meter, before) < 4 * MB
    assert talker.count(FAILED) == talker.said - 1  # the first is not refused


def test_one_who_does_not_come_to_it_is_closed(strict, raw):
    Talker(raw(strict, "alice", priority=None), ENABLE).talk(64 * MB)
    strict.log.wait("stream-error .*error=connection-timeout reason=\"the client does not read\"")


@pytest.mark.parametrize("element", [VERIFY, RESULT], ids=["verify", "result"])
def test_a_server_that_is_a_stranger_is_closed_and_fills_no_log(make_suite, element):
    suite = make_suite(s2s=True)
    meter = Meter(suite.pids("s2sd").popitem()[1], suite.s2s_port)
    before = meter.rss()
    with Stream(suite, "evil.example") as stream:
        Talker(stream.open(), element).talk(64 * MB)
        suite.log.wait(NOT_READ)
        assert grown(meter, before) < 4 * MB
        assert len(suite.log.find("key-verified|proof-refused")) == 16
