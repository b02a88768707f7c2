"""A compartment that has been taken over says one thing without end, or says nothing and reads nothing (S28).

Meanwhile two people at an honest front end talk, and routerd's memory stays within bounds.
"""
import contextlib
import itertools
import struct
import threading
import time
from pathlib import Path

import pytest

import bus
import scram
from hostile import PEERS, Bystander, Evil, allowed
from suite import PATIENCE, SANITIZED, eventually

SECONDS = 0.25
MB = 1 << 20


@pytest.fixture(scope="module")
def attacked(make_shared):
    return make_shared(s2s=True, accounts={"alice@localhost": "a-1", "bob@localhost": "b-2", "carol@localhost": "c-3"})


@pytest.fixture
def others(attacked, raw):
    made = Bystander(attacked, raw)
    yield made
    eventually(lambda: not [i for i in attacked.pids() if "evil" in i], "the end of the flood's links")
    made.unharmed()


def memory(pid):
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


class Flood(threading.Thread):
    """Writes frames until it is told to end, or has had its way; reads what comes, or not."""

    def __init__(self, peer, frames, read=True):
        super().__init__(daemon=True)
        self.peer, self.frames, self.read, self.over = peer, frames, read, False
        peer.socket.settimeout(0.2)
        self.start()

    def run(self):
        reader = threading.Thread(target=self.drain, daemon=True)
        reader.start()
        try:
            while not self.over:
                batch = b"".join(itertools.islice(self.frames, 200))
                if not batch:
                    return
                while batch and not self.over:
                    try:
                        batch = batch[self.peer.socket.send(batch):]
                    except TimeoutError:
                        pass
        except OSError:
            pass  # it has cost the link
        self.over = True
        reader.join()

    def drain(self):
        while self.read and not self.over:
            try:
                if not self.peer.socket.recv(MB):
                    return
            except TimeoutError:
                pass
            except OSError:
                return

    def end(self):
        self.over = True
        self.join()
        self.peer.socket.close()


def during(others, peer, frames, seconds=SECONDS, read=True):
    """The others talk for a while; how much larger routerd has become."""
    pid = others.suite.pids("routerd")["routerd"]
    before, grown = memory(pid), 0
    flood = Flood(peer, frames, read)
    ends = time.monotonic() + seconds
    try:
        while time.monotonic() < ends:
            others.chats()
            grown = max(grown, memory(pid) - before)
    finally:
        flood.end()
    return grown


def plausible(message, n):
    """A message that has something to do with what is there."""
    values = {}
    for kind, field, most in message.fields:
        if kind == "TEXT":
            values[field] = {"domain": "localhost", "local": "localhost", "remote": f"d{n}.example",
                             "account": f"u{n}@localhost", "to": f"v{n}@localhost", "mechanism": "SCRAM-SHA-1",
                             "offered": "SCRAM-SHA-1 PLAIN", "from": None, "directory": "x",
                             "mechanisms": "PLAIN", "verb": "none"}.get(field, "x" * min(most, 200))
        elif kind == "BLOB":
            values[field] = b"x" * min(most, 4096) if field not in ("marks", "list", "stanza") else b"\0" * 440
    if message.name == "AUTH_VERDICT":
        values["condition"] = 9
    if message.name == "SUBMIT":
        inner = "<body>" + "x" * 2000 + "</body>"
        values = {"number": n, "stanza": bus.envelope(to="carol@localhost/evil", type="headline", inner=inner)}
    if message.name == "HELD":
        values["upto"] = 0
    return values


@pytest.mark.parametrize("role, name", [(r, m.name) for r in PEERS if r != "CTL" for m in allowed(r)])
def test_s28_a_flood_of_one_message_is_its_sender_s_own_affair(attacked, others, role, name):
    """About what it has, and about ever new numbers."""
    message = bus.MESSAGES[name]
    peer = Evil(attacked, role)
    if role == "C2S":
        log_in(peer)
    if role == "S2S":
        peer.send("PROVE", 1, local="localhost", remote="evil.example")
        peer.expect("PROVEN")
        peer.send("BIND", 1)
        peer.expect("BOUND")

    def frames():
        custody = "BUS_CUSTODY" in message.flags
        for n in itertools.count(1):
            yield bus.frame(name, 1 if n % 400 < 200 else n, n if custody else 0, **plausible(message, n))
    grown = during(others, peer, frames())
    assert SANITIZED or grown < 64 * MB


@pytest.mark.parametrize("role", [r for r in PEERS if r != "CTL"])
def test_s28_who_reads_nothing_and_says_nothing_waits_alone(attacked, others, role):
    """Silence: no HELD, no answer, nothing read; and everything is asked of it."""
    peer = Evil(attacked, role)
    if role == "C2S":
        log_in(peer)
    for n in range(50):
        others.bob.message("carol@localhost/evil", "x" * 3000, id=f"n{n}")
        others.chats()
    peer.socket.close()


def test_s28_answers_that_are_not_read_are_bounded(attacked, others):
    peer = Evil(attacked)
    asks = (bus.frame("REGISTRATION", n, domain="localhost", username="x", password=b"x", address="x")
            for n in itertools.count(1))
    assert SANITIZED or during(others, peer, asks, 2, read=False) < 270 * MB  # LINK_QUEUE_MAX


def test_s28_more_links_hold_no_more_that_is_not_read(attacked, others):
    """Counters, ten kB for a question of forty bytes, over four links at once: each is closed, when all have the bound."""
    mark, pid = attacked.log.mark(), attacked.pids("routerd")["routerd"]
    ask = bus.frame("CTL_REQUEST", 1, verb="stats", args=b"")
    before, grown, ends = memory(pid), 0, time.monotonic() + 2 * PATIENCE
    floods = [Flood(Evil(attacked, "CTL"), itertools.repeat(ask), read=False) for _ in range(4)]
    while not all(flood.over for flood in floods) and time.monotonic() < ends:
        others.chats()
        grown = max(grown, memory(pid) - before)
    for flood in floods:
        flood.end()
    assert len(attacked.log.find("peer-left .*it does not read", mark)) == len(floods)
    assert SANITIZED or grown < 400 * MB


# What would take all of something.

def log_in(peer, connection=1, resource="evil"):
    peer.begin(connection, "carol")
    assert peer.expect("AUTH_RESULT")[2]["condition"] == 0
    peer.send("BIND", connection, resource=resource)
    peer.expect("BOUND")


def scram_begin(connection, **more):
    return bus.frame("AUTH_BEGIN", connection, domain="localhost", mechanism="SCRAM-SHA-1", tls=1,
                     offered="SCRAM-SHA-1 PLAIN", initial=scram.b64("n,,n=carol,r=abcdefgh"), address="192.0.2.9:9",
                     **more)


@pytest.mark.parametrize("how", ["left open", "closed", "aborted"])
def test_s28_s6_no_front_end_takes_all_log_ins(attacked, others, raw, how):
    """authd has room for 10,000 at a time; those whose connection has gone are none."""
    peer = Evil(attacked)
    end = {"closed": lambda n: bus.frame("CLOSED", n, reason=1), "aborted": lambda n: bus.frame("AUTH_ABORT", n),
           "left open": lambda n: b""}[how]
    flood = Flood(peer, (scram_begin(n) + end(n) for n in range(1, 15001)))
    flood.join()
    began = time.monotonic()
    raw(attacked, "alice", "another")
    assert time.monotonic() - began < Bystander.SLOWEST
    flood.end()


def test_s6_whoever_logs_in_gets_the_place_of_one_who_has_had_his_time(attacked):
    """A front end whose clients have begun 4,000 log-ins, and left it at that, serves others all the same."""
    peer, numbers = Evil(attacked), itertools.count(4001)

    def served():
        connection = next(numbers)
        peer.write(scram_begin(connection))
        while True:  # others are told that they have lost theirs
            name, subject, _ = peer.next()
            if subject == connection:
                return name == "AUTH_CHALLENGE"
    with contextlib.closing(peer.socket):
        for n in range(1, 4001):
            peer.write(scram_begin(n))
            assert peer.expect("AUTH_CHALLENGE")[1] == n
        for _ in range(3):  # each when the next one's time is over
            eventually(served, "a place", timeout=10)


def test_s28_what_waits_for_authd_is_bounded(attacked, others, raw):
    """Log-ins of 30 kB each, faster than authd reads them: its link stays."""
    mark = attacked.log.mark()
    peer = Evil(attacked)
    frames = (scram_begin(n, certificate_der=b"x" * 8192, certificate_subject="x" * 2048) +
              bus.frame("CLOSED", n, reason=1) for n in itertools.count(1))
    grown = during(others, peer, frames, 3)
    assert SANITIZED or grown < 128 * MB
    assert not attacked.log.find("authd.*reason=", mark)
    eventually(lambda: can_log_in(attacked, raw), "a log-in as before")


def can_log_in(suite, raw):
    stream = raw(suite).open().starttls()
    return stream.scram("SCRAM-SHA-1", "alice", suite.password("alice@localhost")) == "success"


def test_s28_connections_are_as_many_as_a_front_end_may_have(make_suite):
    """c2sd.connections is 100: routerd believes in 200."""
    suite = make_suite(settings={"c2sd.connections": 100, "s2sd.connections": 100}, s2s=True)
    for role, ask, answer in (
            ("C2S", lambda n: scram_begin(n), "AUTH_RESULT"),
            ("S2S", lambda n: bus.frame("PROVE", n, local="localhost", remote="evil.example"), "PROVEN")):
        peer = Evil(suite, role)
        refused = set()
        for n in range(1, 400):
            peer.write(ask(n))
        while len(refused) < 199:
            _, subject, values = peer.expect(answer)
            if values["condition"] != 0:
                refused.add(subject)
        assert refused == set(range(201, 400))
        peer.leave()
        assert len(suite.log.find("too-many-connections .*" + peer.instance)) == 1


@pytest.mark.parametrize("to", ["carol@localhost/other", "carol@localhost", "localhost", "nobody@localhost"])
def test_s28_what_is_not_safe_is_bounded_in_bytes(attacked, others, to):
    """custody.md, 8: credit.  64 stanzas of 16 MiB would be 1 GiB."""
    peer = Evil(attacked)
    log_in(peer)
    log_in(peer, 2, "other")
    pid = attacked.pids("routerd")["routerd"]
    before, grown = memory(pid), 0
    stanza = bus.envelope(to=to, inner="<body>" + "x" * (8 * MB) + "</body>")
    for n in range(1, 20):
        peer.submit(1, n, stanza)
        others.chats()
        grown = max(grown, memory(pid) - before)
    peer.gone()
    assert SANITIZED or grown < 100 * MB


def test_s28_a_front_end_names_no_more_than_it_can_have_accepted(attacked, others):
    """Just after a start of routerd (custody.md, 5)."""
    peer = Evil(attacked, restored=False)
    for n in range(60):
        peer.send("ACCEPTED", list=b"".join(struct.pack(">16s16sQI", b"s" * 16, b"o" * 16, n * 20000 + i, 0)
                                            for i in range(20000)))
    peer.costs_it_the_link("ACCEPTED")


def test_s28_sessions_that_come_and_go_do_not_pile_up_at_the_store(attacked, others):
    peer = Evil(attacked, "S2S")
    frames = (bus.frame("PROVE", n, local="localhost", remote="evil.example") + bus.frame("BIND", n) +
              bus.frame("CLOSED", max(0, n - 50), reason=1) for n in itertools.count(2))
    grown = during(others, peer, frames, 3)
    assert SANITIZED or grown < 100 * MB
