"""Credit, and what is remembered until somebody confirms it, as front ends may use that up (custody.md, 5, 8)."""
import contextlib
import os
import signal
import struct

import bus
from suite import eventually, pause
from test_restart import pid_of
from test_restart_large import log_in, message, submit, writer
from xmpp import body

CREDIT = 1048576
SESSIONS = 40
ROUNDS = 20_000  # of a stanza in each: more than anybody has unconfirmed


@contextlib.contextmanager
def stopped(pid):
    pause(pid)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def bound(suite, peer, count):
    for n in range(1, count + 1):
        log_in(peer, suite, n)
        peer.send("BIND", n, resource=f"r{n}")
        peer.expect("BOUND")


def test_what_came_on_a_connection_that_is_closed_is_judged_and_uses_up_no_credit(make_suite, raw):
    suite = make_suite(settings={"routerd.link_credit": CREDIT, "c2sd.stanza": "1MiB"}, accounts={
        "alice@localhost": "wonderland-1", "bob@localhost": "builder-2", "carol@localhost": "carol-3"})
    with bus.Peer(suite).welcomed(instance="c2sd@mine") as peer:
        bound(suite, peer, 3)
        with stopped(pid_of(suite, "authd")):  # it is asked whether there is a carol
            for n in (1, 2):
                peer.submit(n, 1, message("carol@localhost", CREDIT * 2 // 3))
                peer.send("CLOSED", n, reason=1)
            peer.submit(3, 1, message("bob@localhost/r3", 10))
            peer.expect("DELIVER")
        carol = raw(suite, "carol", "c", priority=None)
        carol.send("<presence/>")
        assert [len(body(carol.next_message())) for _ in range(2)] == [CREDIT * 2 // 3] * 2


def test_who_closes_more_connections_than_his_credit_gains_nothing(make_suite):
    """What is not judged of them is not kept for ever."""
    suite = make_suite(settings={"routerd.link_credit": CREDIT})
    with bus.Peer(suite).welcomed(instance="c2sd@mine") as peer:
        bound(suite, peer, 10)
        with stopped(pid_of(suite, "authd")):
            for n in range(1, 10):
                peer.submit(n, 1, message("carol@localhost", CREDIT * 2 // 3))
                peer.send("CLOSED", n, reason=1)
            submit(peer, 1, message("bob@localhost/r10", 10), connection=10)
            left = [r for r in suite.rows("session", "list") if r["jid"].startswith("bob@")]
            assert len(left) == 3  # within twice the credit, and the one that waits for nothing


def test_a_front_end_that_confirms_nothing_loses_its_link(suite):
    envelope = bus.envelope(to="nobody@localhost", type="headline", inner="", content=0)
    with bus.Peer(suite).welcomed(instance="c2sd@mine") as peer:
        bound(suite, peer, SESSIONS)
        with contextlib.suppress(bus.Gone):
            for number in range(1, ROUNDS + 1):
                for n in range(1, SESSIONS + 1):
                    peer.submit(n, number, envelope)
                all_safe(peer, number)
        eventually(lambda: suite.log.find("peer-left peer=c2sd@mine reason=\"it does not confirm"), "its end")


def all_safe(peer, number):
    safe = set()
    while len(safe) < SESSIONS:
        marks = peer.expect("SAFE")[2]["marks"]
        safe |= {n for n, upto in struct.iter_unpack(">QQ", marks) if upto == number}


def test_a_front_end_that_goes_without_confirming_holds_up_nobody(suite):
    with bus.Peer(suite).welcomed(instance="c2sd@other") as other, writer(suite) as sender:
        bound(suite, other, 1)
        sender.send("SM_ENABLE", 1, in_base=0, resume=1, max=600)
        sender.expect("SM_ENABLED")
        sender.submit(1, 1, message("bob@localhost/r1", 10))
        other.expect("DELIVER")
        other.send("HELD", upto=other.got)
        sender.expect("SAFE")
        sender.socket.close()
        other.expect("SETTLED")
        assert [r["state"] for r in suite.rows("session", "list") if r["jid"].startswith("alice@")] == ["asleep"]
