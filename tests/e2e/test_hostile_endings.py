"""A front end that has been taken over makes things end in an order in which no honest one does, or says of a stanza what
is not so: routerd stays."""
import random
import struct
import threading

import pytest

import bus
import scram
from hostile import Bystander
from suite import eventually
from test_hostile import evil  # noqa: F401 (a fixture)
from test_hostile_sessions import ALICE, BOB, CAROL, bind, enable, silent_to
from xmpp import Raw, StreamError

SID = "<stanza-id xmlns='urn:xmpp:sid:0' by='bob@localhost' id='forged'/>"
COMMANDS = "http://jabber.org/protocol/commands"
END = "http://jabber.org/protocol/admin#end-user-session"


@pytest.fixture(scope="module")
def attacked(make_shared):
    return make_shared(s2s=True, accounts={ALICE: "wonderland-1", BOB: "builder-2", CAROL: "carol-3"},
                       settings={"s2sd.instances": 0, 'domain "localhost".admins': [CAROL],
                                 "authd.guess_limit": 100000, "authd.address_limit": 1000000})


@pytest.fixture
def others(attacked, raw):
    made = Bystander(attacked, raw)
    router = attacked.pids("routerd")
    yield made
    made.unharmed()
    assert attacked.pids("routerd") == router


# What an envelope says of the elements in it.

@pytest.mark.parametrize("inner, children", [
    ("", (123,)), ("<ping xmlns='urn:xmpp:ping'/>", ()), ("<ping xmlns='urn:xmpp:ping'/>", (1, 2)),
    ("<a/>" * 17, (1,) * 15)])
def test_s28_as_many_elements_as_the_envelope_says(others, evil, inner, children):  # noqa: F811
    peer = evil()
    bind(peer)
    peer.submit(1, 1, bus.envelope("iq", "get", id="x", inner=inner, content=0, children=children))
    peer.costs_it_the_link("SUBMIT")


def test_s28_more_than_are_named_may_be_there(others, evil):  # noqa: F811
    peer = evil()
    bind(peer)
    peer.submit(1, 1, bus.envelope("message", "headline", to=others.bob.jid, content=1, children=(1,) * 16,
                                   inner="<body>many</body>" + "<a/>" * 30))
    assert len(list(others.bob.next_message())) >= 31


def test_s21_s28_no_stanza_id_is_hidden(others, evil):  # noqa: F811
    peer = evil()
    bind(peer)
    peer.submit(1, 1, bus.envelope(to=others.bob.jid, inner="<body>x</body>" + SID, content=1))
    peer.costs_it_the_link("SUBMIT")
    silent_to(others.bob)


def test_s28_a_message_is_to_somebody(others, evil):  # noqa: F811
    peer = evil()
    bind(peer)
    peer.submit(1, 1, bus.envelope(to=None))
    peer.costs_it_the_link("SUBMIT")


# Sessions that end while something is done with them.

def test_s28_a_pair_that_is_wanted_while_it_lives(others, evil):  # noqa: F811
    """Nothing waits on it: it would end as it falls asleep."""
    peer = evil("S2S")
    for n in range(3):
        others.alice.message(f"x@r{n}.example", "to another server")
        ticket = peer.expect("REACH")[2]["id"].decode()
        peer.send("RESUME", 10 + n, id=ticket, h=0)
        peer.expect("RESUMED")
        number = struct.unpack(">QIQ", peer.expect("DELIVER")[2]["targets"])[2]
        peer.send("DONE", marks=struct.pack(">QQ", 10 + n, number))
        peer.send("RESUME", 110 + n, id=ticket, h=0)
        assert peer.expect("RESUMED")[1] == 110 + n
        others.chats()


def test_s28_a_front_end_goes_whose_sessions_end_one_another(others, evil):  # noqa: F811
    """An account may have ten sessions asleep.  Those of the connections that it has left are among the first to end."""
    for _ in range(6):
        peer, count = evil(), 38
        first = random.getrandbits(40)
        ids = range(first, first + count)
        for n in ids:
            peer.begin(n, "carol")
        for n in ids:
            assert peer.expect("AUTH_RESULT")[2]["condition"] == 0
        for n in ids:
            peer.send("BIND", n, resource=f"r{n}")
        for n in ids:
            peer.expect("BOUND")
        for n in ids:
            peer.send("SM_ENABLE", n, in_base=0, resume=1, max=600)
        for n in ids:
            peer.expect("SM_ENABLED")
        peer.write(b"".join(bus.frame("DETACHED", n) for n in list(ids)[:10]))
        peer.leave()
        others.chats()


def test_s28_an_administrator_ends_himself_by_what_waited(others, evil):  # noqa: F811
    """The roster's change is stored first; meanwhile his session sleeps, and the command to end it is judged then."""
    query = "<query xmlns='jabber:iq:roster'><item jid='{}@localhost'/></query>"
    command = (f"<command xmlns='{COMMANDS}' node='{END}'><x xmlns='jabber:x:data' type='submit'>"
               f"<field var='accountjids'><value>{CAROL}</value></field></x></command>")
    for n in range(4):
        peer = evil()
        bind(peer)
        enable(peer)
        mark = others.suite.log.mark()
        stanzas = [bus.envelope("iq", "set", id="r", content=0, inner=query.format(f"x{n}")),
                   bus.envelope("iq", "set", to="localhost", id="c", content=0, inner=command)]
        peer.write(b"".join(bus.frame("SUBMIT", 1, i + 1, number=i + 1, refuse=0, stanza=s)
                            for i, s in enumerate(stanzas)) + bus.frame("DETACHED", 1))
        others.suite.log.wait("admin-command .*End User Session", mark)
        peer.leave()
        others.chats()


# Rights that end while their owner does something (custody.md, 18).

@pytest.fixture
def owned(make_suite):
    return make_suite(accounts={ALICE: "wonderland-1"})


ENDS = {"disable": ("user", "disable", ALICE), "del": ("user", "del", ALICE),
        "passwd": ("user", "passwd", ALICE, "--password-stdin")}


def end_rights(suite, how):
    done = suite.ctl(*ENDS[how], input="another-2\n" if how == "passwd" else None)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("how", ENDS)
def test_r18_a_log_in_that_began_before_is_none_after(owned, how):
    """The proof is right for the account as it was when it was asked for."""
    stream = Raw(owned.address, "localhost").open().starttls()
    proof = scram.Scram("SCRAM-SHA-1", "alice", "wonderland-1")
    stream.auth("SCRAM-SHA-1", proof.first())
    challenge = stream.next()
    end_rights(owned, how)
    stream.response(proof.final(challenge.text))
    assert stream.verdict() == ("not-authorized" if how == "passwd" else "account-disabled")
    stream.close()


@pytest.mark.parametrize("how", ENDS)
def test_r18_a_change_of_one_s_own_password_saves_nobody(owned, raw, how):
    """Whoever changes it all the time has a change under way when somebody else ends his rights."""
    alice = raw(owned, "alice", "home")
    ended = threading.Event()

    def change():
        n = 0
        while not ended.is_set():
            try:
                alice.send(f"<iq type='set' id='c{n}' to='localhost'><query xmlns='jabber:iq:register'>"
                           f"<username>alice</username><password>p{n}</password></query></iq>")
                alice.until(lambda e: e.get("id") == f"c{n}")
            except (OSError, AssertionError, StreamError):
                return
            n += 1
    changes = threading.Thread(target=change)
    changes.start()
    eventually(lambda: owned.log.find("account-password .*success"), "a change")
    end_rights(owned, how)
    eventually(lambda: not owned.rows("session", "list"), "the end of the session", timeout=10)
    ended.set()
    changes.join()
