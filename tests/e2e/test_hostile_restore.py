"""A front end that has been taken over lies about what it had, when routerd starts again (custody.md, 5 and 14)."""
import contextlib
import os
import signal
import sqlite3
import struct

import pytest

import bus
import sm
from hostile import Bystander, Evil
from suite import eventually, pause
from test_hostile_sessions import ALICE, BOB, CAROL, bind, enable
from xmpp import CLIENT, body

ADMIN = b"admin@localhost"


class Again(Evil):
    """The same process, linked anew to the next routerd."""

    def __init__(self, suite, before):
        bus.Peer.__init__(self, suite, "C2S")
        self.suite, self.mark, self.instance = suite, suite.log.mark(), before.instance
        self.hello(instance=before.instance, boot=before.boot)
        self.expect("WELCOME")


class First(Evil):
    def hello(self, **how):
        self.boot = how["boot"]
        super().hello(**how)


@pytest.fixture
def others(make_suite, raw):
    suite = make_suite(accounts={ALICE: "wonderland-1", BOB: "builder-2", CAROL: "carol-3"})
    made = Bystander(suite, raw)
    made.suite = suite
    yield made
    made.chats()


def next_router(suite, evil):
    before = suite.pids("routerd")["routerd"]
    os.kill(before, signal.SIGKILL)

    def linked():
        try:
            return Again(suite, evil)
        except (OSError, bus.Gone, TimeoutError):
            return None
    return eventually(linked, "a routerd")


def restoring(session, came, flags=1):
    """The session, and a stanza of it: values of DELIVER."""
    return bus.frame("RESTORE", 1, session=session, epoch=1, in_safe=0, out_number=1, out_done=0, in_base=0, out_base=0,
                     flags=flags, address="192.0.2.9") + bus.frame("RESTORE_STANZA", 1, **bus.given_back(1, came))


def hold(peer, sender, to, text):
    """It says that it has what is sent; so nobody sends that again."""
    sm.enable(sender)
    sender.message(to, text)
    came = peer.expect("DELIVER")[2]
    peer.send("HELD", upto=peer.got)
    sm.handles(sender, 1)
    return came


def stands(others):
    """Nobody has got anything but what is said now."""
    others.chats()
    for stream in (others.alice, others.bob):
        assert not [e for e in stream.ping() if e.tag in (CLIENT + "message", CLIENT + "iq")]


OTHER = {"origin": b"o" * 16, "number": 77, "branch": 1, "mac": 1, "from": ADMIN, "additions": b"x",
         "stanza": bus.envelope(to=CAROL, inner="<body>forged</body>")}


@pytest.mark.parametrize("field", OTHER)
def test_i1_s28_what_routerd_has_not_sent_is_not_taken_back(others, field):
    """One of the values is another one than came."""
    suite = others.suite
    evil = First(suite)
    session = bind(evil)["session"]
    enable(evil)
    others.alice.message(CAROL + "/evil", "true")
    came = evil.expect("DELIVER")[2]
    assert came[field] != OTHER[field]
    again = next_router(suite, evil)
    again.write(restoring(session, {**came, field: OTHER[field]}))
    again.costs_it_the_link("RESTORE_STANZA")
    stands(others)


def test_i1_s28_what_was_for_one_goes_on_to_nobody_else(others):
    """What alice had from bob is said to be carol's, and her session ends."""
    suite = others.suite
    evil = First(suite)
    hers = bind(evil)["session"]
    enable(evil)
    bind(evil, 2, "alice")
    came = hold(evil, others.bob, ALICE + "/evil", "for her")
    again = next_router(suite, evil)
    again.write(restoring(hers, came) + bus.frame("RESTORED"))
    again.expect("CREDIT")
    again.send("CLOSED", 1, reason=1)
    eventually(lambda: not suite.rows("session", "list", CAROL), "the end of the session")
    stands(others)


@pytest.mark.parametrize("account", ["known", "known later", "not to be had"])
@pytest.mark.parametrize("ends", ["client", "link"])
def test_what_was_routerd_s_goes_on(others, raw, account, ends):
    """To the account's other session, at an honest front end: as soon as authd has said that there is such an account,
    where it comes back in time, and else by the store."""
    suite = others.suite
    evil = First(suite)
    session = bind(evil)["session"]
    enable(evil)
    came = hold(evil, others.alice, CAROL + "/evil", "for carol")
    carol, authd = raw(suite, "carol", "honest"), suite.pids("authd")["authd"]
    if account != "known":  # as after a log-in of which no more than the session is in the store
        with contextlib.closing(sqlite3.connect(next(suite.home.rglob("router.db")))) as store, store:
            store.execute("DELETE FROM account WHERE jid = ?", (CAROL,))
        pause(authd)
    try:
        again = next_router(suite, evil)
        if ends == "client":
            again.write(restoring(session, came) + bus.frame("CLOSED", 1, reason=1) + bus.frame("RESTORED"))
            again.expect("CREDIT")
        else:  # without stream management nothing of it stays
            again.write(restoring(session, came, flags=0) + bus.frame("RESTORED"))
            again.leave()
            suite.log.wait(f"peer-left peer={evil.instance} ", since=again.mark)
        if account == "not to be had":
            assert body(carol.next_message()) == "for carol"
    finally:
        os.kill(authd, signal.SIGCONT)
    if account != "not to be had":
        assert body(carol.next_message()) == "for carol"


def test_s28_what_another_front_end_has_accepted_is_not_its_to_say(others):
    """By a lie about it, what alice sends to bob would count as delivered."""
    suite = others.suite
    evil = First(suite)
    bind(evil)
    had = {}
    for stream in (others.alice, others.bob):
        stream.message(CAROL + "/evil", "so that it knows of them")
        came = evil.expect("DELIVER")[2]
        had[came["from"].decode().split("@")[0]] = came["origin"]
    again = next_router(suite, evil)
    again.send("ACCEPTED", list=b"".join(had["bob"] + had["alice"] + struct.pack(">QI", n, 0) for n in range(1, 2000)))
    again.send("RESTORED")
    again.expect("CREDIT")
    sm.enable(others.alice)
    for n in range(5):
        others.alice.message(others.bob.jid, f"word {n}")
    sm.handles(others.alice, 5)
    assert [body(others.bob.next_message()) for _ in range(5)] == [f"word {n}" for n in range(5)]
