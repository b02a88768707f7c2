"""What a front end says to a routerd that has just started, word for word (custody.md, 2, 5, 6)."""
import os
import signal
import struct

import pytest

import bus
from suite import eventually
from test_restart import pid_of

MINE = "c2sd@mine"
SM = 1  # enum restore_flag


@pytest.fixture
def mine(suite):
    """A front end of ours with bob's session, which uses stream management: mine.session, mine.jid."""
    with bus.Peer(suite).welcomed(instance=MINE) as peer:
        import scram
        peer.send("AUTH_BEGIN", 1, domain="localhost", mechanism="PLAIN", offered="PLAIN", tls=1,
                  initial=scram.plain("bob", suite.password("bob@localhost")),
                  address="192.0.2.9:9", certificate=None)
        assert peer.expect("AUTH_RESULT")[2]["condition"] == 0
        peer.send("BIND", 1, resource="r")
        bound = peer.expect("BOUND")[2]
        peer.send("SM_ENABLE", 1, in_base=0, resume=1, max=600)
        peer.expect("SM_ENABLED")
        peer.session, peer.jid = bound["session"], bound["jid"].decode()
        yield peer


def delivered(peer, count):
    """The next DELIVERs: (number of the session, values)."""
    came = []
    while len(came) < count:
        _, _, values = peer.expect("DELIVER")
        came.append((struct.unpack(">QIQ", values["targets"])[2], values))
    return came


def linked(suite, boot=b"b" * 16):
    """A link to the routerd that is there, as soon as there is one."""
    def link():
        try:
            peer = bus.Peer(suite)
            peer.hello(instance=MINE, boot=boot)
            peer.expect("WELCOME")
            return peer
        except (OSError, bus.Gone):
            return None
    return eventually(link, "a routerd")


def again(suite, mine, stanzas, done=0, restored=True, **changes):
    """The next link, on which the session and those stanzas are named."""
    peer = linked(suite)
    values = {"session": mine.session, "epoch": 1, "in_safe": 0, "out_number": stanzas[-1][0],
              "out_done": 0, "in_base": 0, "out_base": 0, "flags": SM, "address": "192.0.2.9"}
    peer.send("RESTORE", 1, **{**values, **changes})
    if done:
        peer.send("DONE", marks=struct.pack(">QQ", 1, done))
    for n, m in stanzas:
        peer.send("RESTORE_STANZA", 1, **bus.given_back(n, m))
    peer.send("ACCEPTED", list=b"".join(
        mine.session + m["origin"] + struct.pack(">QI", m["number"], m["branch"]) for _, m in stanzas))
    if restored:
        peer.send("RESTORED")
    return peer


@pytest.fixture
def three(suite, raw, mine):
    """It has got three messages, and then routerd has died."""
    alice = raw(suite, "alice", "a")
    for n in range(3):
        alice.message(mine.jid, str(n))
    stanzas = delivered(mine, 3)
    alice.ping()
    pid = pid_of(suite, "routerd")
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not os.path.exists(f"/proc/{pid}"), "its end")
    mine.alice = alice
    return stanzas


def bodies(came):
    return [m["stanza"].split(b"<body>")[1].split(b"<")[0].decode() for _, m in came]


def goes_on(suite, peer, mine, last):
    peer.expect("CREDIT")
    mine.alice.message(mine.jid, "next")
    came = delivered(peer, 1)
    assert bodies(came) == ["next"] and came[0][0] == last + 1


def test_what_it_holds_is_taken_back(suite, mine, three):
    with again(suite, mine, three) as peer:
        goes_on(suite, peer, mine, three[-1][0])


def test_an_acknowledgement_may_overtake_what_it_is_about(suite, mine, three):
    with again(suite, mine, three, done=three[1][0]) as peer:
        goes_on(suite, peer, mine, three[-1][0])


@pytest.mark.parametrize("changes", [{"epoch": 2}, {"epoch": 0}, {"session": b"x" * 16}])
def test_a_session_that_is_not_its_own_is_refused(suite, mine, three, changes):
    with again(suite, mine, three, **changes) as peer:
        came = {}  # in whatever order: CREDIT is urgent
        while not {"KILL", "CREDIT"} <= came.keys():
            name, subject, _ = peer.next()
            came[name] = subject
        assert came["KILL"] == 1


def test_a_session_counts_once(suite, mine, three):
    with again(suite, mine, three, restored=False) as peer:
        peer.send("RESTORE", 2, session=mine.session, epoch=1, in_safe=0, out_number=3, out_done=0,
                  in_base=0, out_base=0, flags=SM, address="192.0.2.9")
        peer.send("RESTORED")
        assert peer.expect("KILL")[1] == 2


@pytest.mark.parametrize("changes", [{"out_number": 1}, {"out_done": 9}])
def test_numbers_that_cannot_be_cost_the_link(suite, mine, three, changes):
    with again(suite, mine, three, **changes) as peer:
        peer.gone()
    eventually(lambda: MINE not in suite.pids(), "the end of that link")


def test_nothing_is_restored_after_the_end_of_it(suite, mine, three):
    with again(suite, mine, three) as peer:
        peer.send("RESTORE", 2, session=b"x" * 16, epoch=1, in_safe=0, out_number=0, out_done=0,
                  in_base=0, out_base=0, flags=SM, address="192.0.2.9")
        peer.gone()


def test_another_life_of_that_front_end_has_no_part_in_it(suite, mine, three):
    with linked(suite, b"c" * 16) as peer:
        peer.send("RESTORE", 1, session=mine.session, epoch=1, in_safe=0, out_number=3, out_done=0,
                  in_base=0, out_base=0, flags=SM, address="192.0.2.9")
        peer.send("RESTORED")
        assert peer.expect("KILL")[1] == 1


def test_a_client_that_is_lost_while_it_is_killed_does_not_sleep(suite, mine):
    assert suite.ctl("session", "kill", mine.jid).returncode == 0
    assert mine.expect("KILL")[1] == 1
    mine.send("DETACHED", 1)
    mine.send("CLOSED", 1, reason=3)
    eventually(lambda: mine.jid not in suite.ctl("session", "list").stdout, "its end")
