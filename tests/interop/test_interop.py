"""With each server, in both directions, by each mechanism: what users do with each other."""
import re

import pytest

from im import is_presence, roster
from lab import DOMAIN
from peers import USER
from suite import eventually
from xmpp import CLIENT, body

MUC = "{http://jabber.org/protocol/muc#user}"


@pytest.fixture
def alice(lab):
    stream = lab.alice()
    yield stream
    stream.close()


@pytest.fixture
def romeo(lab):
    return lab.romeo()


def talk(alice, romeo):
    alice.message(romeo.jid, "wherefore")
    got = romeo.next_message()
    assert (got.get("from"), body(got)) == (alice.jid, "wherefore")
    romeo.message(alice.jid, "art thou")
    got = alice.next_message()
    assert (got.get("from"), body(got)) == (romeo.jid, "art thou")


def test_messages(lab, alice, romeo):
    talk(alice, romeo)


def last(lab, pattern):
    lab.ours.log.wait(pattern)
    return lab.ours.log.find(pattern)[-1]


def both_ways(lab, alice, romeo, cell):
    """One stream, whoever of the two has opened it."""
    for direction, ours, first, second in (("to it", "out+in", alice, romeo), ("from it", "in+out", romeo, alice)):
        lab.ours.ctl("s2s", "close", lab.peer.domain)
        eventually(lambda: not lab.ours.rows("s2s", "list"), "the end of the streams")
        for _ in range(3):
            talk(first, second)
        assert [r["direction"] for r in lab.ours.rows("s2s", "list")] == [ours]
        cell(lab, direction, "passed: one stream, opened by " + ("us" if first is alice else "it"))


def test_by_that_mechanism(lab, alice, romeo, cell):
    if lab.mechanism == "both ways":
        both_ways(lab, alice, romeo, cell)
        return
    talk(alice, romeo)
    method = "dialback" if lab.mechanism == "dialback" else "EXTERNAL"
    out = last(lab, f"way-open .*remote={lab.peer.domain} ")
    come = last(lab, f"s2sd@1 domain-proved .*remote={lab.peer.domain} ")
    assert f"method={method} " in out and f"method={method} " in come
    for direction, line in (("to it", out), ("from it", come)):
        tls = re.search(r'tls="?([^" ]+)', line)
        assert tls, line
        cell(lab, direction, f"passed: {method} over {tls.group(1)}")


def test_iqs(lab, alice, romeo):
    assert alice.ping(to=lab.peer.domain) is not None
    assert romeo.ping(to=DOMAIN) is not None
    reply = romeo.iq("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", to=DOMAIN)
    assert (reply.get("type"), reply.get("from")) == ("result", DOMAIN)


def test_contacts_and_presence(lab, alice, romeo):
    roster(alice), roster(romeo)
    alice.send(f"<presence to='{lab.peer.jid}' type='subscribe'/>")
    romeo.until(is_presence("subscribe", f"alice@{DOMAIN}"))
    romeo.send(f"<presence to='alice@{DOMAIN}' type='subscribed'/>")
    alice.until(is_presence(None, romeo.jid))
    romeo.send(f"<presence to='alice@{DOMAIN}' type='subscribe'/>")
    alice.until(is_presence("subscribe", lab.peer.jid))
    alice.send(f"<presence to='{lab.peer.jid}' type='subscribed'/>")
    romeo.until(is_presence(None, alice.jid))
    again = lab.peer.log_in("balcony", priority=None)
    again.send("<presence/>")
    again.until(is_presence(None, alice.jid))  # our answer to its probe
    alice.until(is_presence(None, again.jid))
    again.send("<presence type='unavailable'/>")
    alice.until(is_presence("unavailable", again.jid))
    assert roster(alice)[lab.peer.jid].state == "both"


def test_a_room_of_the_peer(lab, alice, romeo):
    if lab.peer.rooms is None:
        return  # it has none: the matrix is about streams
    room = f"verona@{lab.peer.rooms}"
    join = "<x xmlns='http://jabber.org/protocol/muc'/>"
    romeo.send(f"<presence to='{room}/{USER}'>{join}</presence>")
    romeo.until(lambda e: e.tag == CLIENT + "presence" and e.get("from") == f"{room}/{USER}")
    alice.send(f"<presence to='{room}/alice'>{join}</presence>")
    alice.until(lambda e: e.tag == CLIENT + "presence" and e.get("from") == f"{room}/alice")
    alice.message(room, "good morrow", "groupchat")
    for one in (alice, romeo):
        one.until(lambda e: e.tag == CLIENT + "message" and body(e) == "good morrow")
    alice.send(f"<presence to='{room}/alice' type='unavailable'/>")
    romeo.until(is_presence("unavailable", f"{room}/alice"))


def test_the_peer_restarts(lab, alice):
    talk(alice, lab.romeo())
    lab.restart_peer()
    talk(alice, lab.romeo())


def test_we_restart(lab, romeo):
    lab.ours.restart()
    alice = lab.alice("again")
    talk(alice, romeo)
    alice.close()
