"""A compartment that has been taken over says one thing without end, or says nothing and reads nothing (S28).

Meanwhile two people at an honest front end talk, and routerd's memory stays within bounds.
"""
import itertools
import threading
from pathlib import Path

import pytest

import bus
from hostile import PEERS, Bystander, Evil, allowed
from suite import SANITIZED, eventually

SECONDS = 0.6
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
        self.peer, self.frames, self.read, self.over, self.sent = peer, frames, read, False, 0
        peer.socket.settimeout(0.2)
        self.start()

    def run(self):
        reader = threading.Thread(target=self.drain, daemon=True)
        reader.start()
        try:
            while not self.over:
                batch = b"".join(itertools.islice(self.frames, 200))
                while batch and not self.over:
                    try:
                        batch = batch[self.peer.socket.send(batch):]
                    except TimeoutError:
                        pass
                self.sent += 200
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
    import time
    pid = others.suite.pids("routerd")["routerd"]
    before, grown, slow = memory(pid), 0, 0
    flood = Flood(peer, frames, read)
    ends = time.monotonic() + seconds
    try:
        while time.monotonic() < ends:
            slow = max(slow, others.chats())
            grown = max(grown, memory(pid) - before)
    finally:
        flood.end()
    print(peer.role[1], "sent", flood.sent, "grown", grown // MB, "slowest", round(slow, 3))
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
        values = {"number": n, "stanza": bus.envelope(to="carol@localhost/evil", type="headline", inner="<body>" + "x" * 2000 + "</body>")}
    if message.name == "HELD":
        values["upto"] = 0
    return values


@pytest.mark.parametrize("subjects", ["one", "many"])
@pytest.mark.parametrize("role, name", [(r, m.name) for r in PEERS if r != "CTL" for m in allowed(r)])
def test_s28_a_flood_of_one_message_is_its_sender_s_own_affair(attacked, others, role, name, subjects):
    message = bus.MESSAGES[name]
    peer = Evil(attacked, role)
    if role == "C2S":
        peer.begin(1, "carol")
        peer.expect("AUTH_RESULT")
        peer.send("BIND", 1, resource="evil")
        peer.expect("BOUND")
    if role == "S2S":
        peer.send("PROVE", 1, local="localhost", remote="evil.example")
        peer.expect("PROVEN")
        peer.send("BIND", 1)
        peer.expect("BOUND")

    def frames():
        custody = "BUS_CUSTODY" in message.flags
        for n in itertools.count(1):
            yield bus.frame(name, 1 if subjects == "one" else n + 1, n if custody else 0, **plausible(message, n))
    grown = during(others, peer, frames())
    assert SANITIZED or grown < 64 * MB
