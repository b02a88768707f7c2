"""A front end that has been taken over lies about what it had, when routerd starts again (custody.md, 5 and 14)."""
import os
import signal
import struct

import pytest

import bus
import sm
from hostile import Bystander, Evil
from suite import eventually
from test_hostile_sessions import ALICE, BOB, CAROL, bind, enable
from xmpp import CLIENT, body

SMUGGLED = ("<body>x</body></message><iq type='set' id='p' from='bob@localhost'><query xmlns='jabber:iq:roster'/></iq>"
            "<message from='admin@localhost'><body>y</body>")


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


def restore(peer, session, *stanzas):
    peer.send("RESTORE", 1, session=session, epoch=1, in_safe=0, out_number=len(stanzas), out_done=0, in_base=0, out_base=0,
              flags=1, address="192.0.2.9")
    for n, (sender, stanza) in enumerate(stanzas):
        peer.send("RESTORE_STANZA", 1, n=n + 1, origin=os.urandom(16), number=1, branch=0, additions=None, stanza=stanza,
                  **{"from": sender})
    peer.send("RESTORED")
    peer.expect("CREDIT")


def test_i1_s28_what_was_for_one_goes_on_to_nobody_else(others):
    suite = others.suite
    evil = First(suite)
    session = bind(evil)["session"]
    enable(evil)
    again = next_router(suite, evil)
    restore(again, session, (ALICE + "/home", bus.envelope(to=BOB, inner="<body>forged</body>")),
            (ALICE + "/home", bus.envelope("iq", "get", to=BOB, id="i", inner="<a/>", content=0)),
            ("admin@localhost", bus.envelope(to=BOB, inner=SMUGGLED, content=1, children=(1,))))
    again.send("CLOSED", 1, reason=1)
    eventually(lambda: not suite.rows("session", "list", CAROL), "the end of the session")
    for stream in (others.alice, others.bob):
        assert not [e for e in stream.ping() if e.tag in (CLIENT + "message", CLIENT + "iq")]


def test_i3_s28_nothing_goes_on_that_is_no_stanza(others, raw):
    """To the account's other session, at an honest front end: what is well-formed goes on, the other is dropped."""
    suite = others.suite
    carol = raw(suite, "carol", "honest")
    evil = First(suite)
    session = bind(evil)["session"]
    enable(evil)
    again = next_router(suite, evil)
    restore(again, session, (ALICE + "/home", bus.envelope(to=CAROL, inner=SMUGGLED, content=1, children=(1,))),
            (ALICE + "/home", bus.envelope(to=CAROL, inner="<body>for carol</body>")))
    again.send("CLOSED", 1, reason=1)
    assert body(carol.next_message()) == "for carol"
    assert not [e for e in carol.ping() if e.tag != CLIENT + "presence"]


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
    eventually(lambda: sm.request(others.alice) == 5, "all of it safe")
    assert [body(others.bob.next_message()) for _ in range(5)] == [f"word {n}" for n in range(5)]
