"""Much more waits than fits into one answer of the store, or onto one link (custody.md, 2)."""
import contextlib
import os
import signal
import sqlite3
import struct

import pytest

import bus
import sm
from im import put, roster
from suite import eventually
from test_restart import pid_of
from xmpp import CLIENT, Raw, body

BODY = 250_000
FILL = 16  # of these are nearly the queue of a session
MANY = 72  # such queues are more than a link may have under way
ASKED = 300  # contacts, whose requests are more than one answer of the store
ASKS = 2  # enum subscription: the contact has asked
SUBSCRIBE = 7  # enum stanza_type


def message(to, size=BODY):
    return bus.envelope(to=to, inner=f"<body>{'x' * size}</body>")


def submit(peer, number, envelope, connection=1):
    """Sends it, and waits until it is safe."""
    peer.submit(connection, number, envelope)
    while (connection, number) not in struct.iter_unpack(">QQ", peer.expect("SAFE")[2]["marks"]):
        pass


@contextlib.contextmanager
def writer(suite):
    """A link on whose connection 1 alice is logged in."""
    with bus.Peer(suite).welcomed(instance="c2sd@writer") as peer:
        peer.login(1, "alice@localhost", suite.password("alice@localhost"), "w")
        yield peer


def fill(suite, addresses, each=FILL, size=BODY):
    with writer(suite) as peer:
        for n, to in enumerate(a for a in addresses for _ in range(each)):
            submit(peer, n + 1, message(to, size))


def log_in(peer, suite, connection):
    import scram
    peer.send("AUTH_BEGIN", connection, domain="localhost", mechanism="PLAIN", offered="PLAIN", tls=1,
              initial=scram.plain("bob", suite.password("bob@localhost")), address="192.0.2.9:9",
              certificate=None)
    assert peer.expect("AUTH_RESULT")[2]["condition"] == 0


def sleepers(suite, count):
    """That many sessions of bob that sleep: {address: id}."""
    asleep = {}
    with bus.Peer(suite).welcomed(instance="c2sd@sleepers") as peer:
        for n in range(1, count + 1):
            log_in(peer, suite, n)
            peer.send("BIND", n, resource=f"r{n}")
            bound = peer.expect("BOUND")[2]
            peer.send("SM_ENABLE", n, in_base=0, resume=1, max=600)
            peer.expect("SM_ENABLED")
            asleep[bound["jid"].decode()] = bound["session"].hex()
        for n in range(1, count + 1):
            peer.send("DETACHED", n)
        for n in range(count):
            peer.expect("DROP")
    return asleep


def resumed(suite, asleep):
    """What each session gets that was resumed, all of them at once and before anything is read."""
    got = {}
    with bus.Peer(suite).welcomed(instance="c2sd@resumed") as peer:
        for n in range(len(asleep)):
            log_in(peer, suite, n + 1)
        for n, id in enumerate(asleep.values()):
            peer.send("RESUME", n + 1, id=id, h=0)
        while sum(got.values()) < len(asleep) * FILL:
            targets = peer.expect("DELIVER")[2]["targets"]
            connection, _, number = struct.unpack(">QIQ", targets)
            got[connection] = got.get(connection, 0) + 1
            assert number == got[connection]
    return got


def restart_router(suite):
    mark = suite.log.mark()
    os.kill(pid_of(suite, "routerd"), signal.SIGKILL)
    suite.log.wait("info routerd restored ", mark)
    return mark


@pytest.fixture
def roomy(make_suite):
    return make_suite(settings={"routerd.sessions_per_account": 100, "routerd.resume_sessions": 100,
                                "c2sd.write_timeout": 600})


def test_routerd_starts_again_whatever_waits_for_sleeping_sessions(roomy):
    asleep = sleepers(roomy, 20)
    fill(roomy, asleep)
    restart_router(roomy)
    assert {r["state"] for r in roomy.rows("session", "list")} == {"asleep"}
    assert resumed(roomy, asleep) == {n: FILL for n in range(1, 21)}


def test_clients_that_resume_together_get_more_than_a_link_may_hold(roomy):
    asleep = sleepers(roomy, MANY)
    fill(roomy, asleep)
    assert resumed(roomy, asleep) == {n: FILL for n in range(1, MANY + 1)}


def test_a_front_end_that_keeps_more_than_a_link_may_hold_is_restored(roomy, raw):
    streams = {}
    for n in range(MANY):
        user = ("alice", "bob")[n % 2]
        stream = raw(roomy, user, f"r{n}", priority=None)
        sm.enable(stream)
        streams[f"{user}@localhost/r{n}"] = stream
    fill(roomy, streams)
    mark = restart_router(roomy)
    eventually(lambda: len(roomy.log.find("router-up role=c2sd", mark)), "c2sd's link")
    to, last = list(streams.items())[-1]
    got = last.ping()  # is answered when c2sd has told all that it keeps
    assert [len(body(m)) for m in got if m.tag == CLIENT + "message"] == [BODY] * FILL
    for stream in streams.values():
        sm.ack(stream, FILL)
    with writer(roomy) as peer:
        submit(peer, 1, message(to, 1))
    assert body(last.next_message()) == "x"
    assert len(roomy.log.find("router-up role=c2sd", mark)) == 1


def test_stored_messages_come_however_large_the_largest_stanza_is(make_suite):
    suite = make_suite(settings={"c2sd.stanza": "1MiB"})
    fill(suite, ["bob@localhost"], each=100, size=700_000)
    with Raw(suite.address, "localhost") as bob:
        bob.login("bob", suite.password("bob@localhost")).bind("b")
        bob.send("<presence/>")
        for _ in range(100):
            assert len(body(bob.next_message())) == 700_000


def request(jid):
    inner = f"<status>{'x' * BODY}</status>"
    return bus.envelope("presence", type=SUBSCRIBE, to="bob@localhost", inner=inner, content=0)



def test_an_account_is_loaded_whatever_it_has(make_suite, raw):
    suite = make_suite()
    raw(suite, "bob", "b", priority=None)
    assert suite.stop() == 0
    with contextlib.closing(sqlite3.connect(suite.home / "state/routerd/router.db")) as store, store:
        store.executemany(
            "INSERT INTO contact (account, jid, version, state, flags, request) VALUES (?, ?, 1, ?, 0, ?)",
            [("bob@localhost", jid, ASKS, request(jid)) for jid in (f"u{n}@example.net" for n in range(ASKED))])
    suite.spawn()
    suite.log.wait("^bulkhead: ready")
    bob = raw(suite, "bob", "b", priority=None)
    assert roster(bob) == {}
    assert put(bob, "friend@example.net").get("type") == "result"
