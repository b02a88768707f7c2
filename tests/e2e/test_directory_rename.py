"""Who gets another name in the directory goes on under it, with all that was there."""
import os
import signal
import xml.etree.ElementTree as ET

import pytest

import gate as gates
import sm
from im import befriend, next_push, presences, put, roster, send, settle, stored
from slapd import make_slapd, slapd  # noqa: F401 (fixtures)
from suite import pause
from test_directory_login import log_in, start  # noqa: F401 (a fixture)
from xmpp import CLIENT, body

ALICE, ALICIA, BOB, CAROL = (f"{n}@localhost" for n in ("alice", "alicia", "bob", "carol"))
NOTES = "<query xmlns='jabber:iq:private'>{}</query>"
NOTE = "<notes xmlns='urn:notes'>milk</notes>"
VCARD = "<vCard xmlns='vcard-temp'>{}</vCard>"


@pytest.fixture
def people(slapd, start):  # noqa: F811
    """Alice and bob, who see each other, and carol, who is asking alice."""
    for name in ("alice", "bob", "carol"):
        slapd.add(name)
    suite = start(slapd, profiles="off")
    suite.log.wait("directory-followed .*accounts=3")
    suite.alice, suite.bob, suite.carol = (log_in(suite, n).available() for n in ("alice", "bob", "carol"))
    befriend(suite.alice, suite.bob)
    put(suite.alice, BOB, "Bob", ["friends"])
    put(suite.bob, ALICE, "Al", ["school"])
    settle(suite.alice, suite.bob)
    yield suite
    for stream in (suite.alice, suite.bob, suite.carol):
        stream.close()


def leave(suite, stream):
    """Logs out, and that has been noticed."""
    mark = suite.log.mark()
    stream.send("</stream:stream>")
    stream.closed()
    suite.log.wait("session-closed", since=mark)


def rename(slapd, suite, old="alice", new="alicia"):  # noqa: F811
    mark = suite.log.mark()
    slapd.tool("ldapmodrdn", "-r", slapd.person_dn(old), f"uid={new}")
    suite.log.wait(f"account-moved account={old}@localhost to={new}@localhost", since=mark)


def as_alicia(suite):
    return log_in(suite, "alicia")


def test_both_rosters_go_on(slapd, people):  # noqa: F811
    roster(people.bob)
    rename(slapd, people)
    assert people.alice.error() == "not-authorized"
    alicia = as_alicia(people)
    item = roster(alicia)[BOB]
    assert (item.state, item.name, item.groups) == ("both", "Bob", ["friends"])
    found = roster(people.bob)
    assert ALICE not in found
    assert (found[ALICIA].state, found[ALICIA].name, found[ALICIA].groups) == ("both", "Al", ["school"])
    alicia.close()


def test_contacts_who_are_there_are_told(slapd, people):  # noqa: F811
    roster(people.bob)
    rename(slapd, people)
    pushed = next_push(people.bob), next_push(people.bob)
    assert [(p.jid, p.subscription) for p in pushed] == [(ALICE, "remove"), (ALICIA, "both")]


def test_presence_goes_both_ways_under_the_new_name(slapd, people):  # noqa: F811
    rename(slapd, people)
    alicia = as_alicia(people)
    alicia.send("<presence/>")
    came = settle(alicia, people.bob)
    assert (people.bob.jid, None) in presences(came[0])
    assert (alicia.jid, None) in presences(came[1])
    alicia.close()


def test_a_message_that_waited_arrives_at_the_new_name(slapd, people):  # noqa: F811
    leave(people, people.alice)
    people.bob.message(ALICE, "for later")
    people.bob.ping()
    rename(slapd, people)
    alicia = as_alicia(people)
    [message] = stored(alicia)
    assert body(message) == "for later"
    assert message.get("to") == ALICIA
    assert message.get("from") == people.bob.jid
    alicia.close()


def test_what_was_not_acknowledged_arrives_there_too(slapd, people):  # noqa: F811
    """Alice's client was to be resumed: its queue goes to the account, and with that to the new name."""
    sm.enable(people.alice)
    people.alice.close()
    people.log.wait("session-asleep .*jid=alice")
    people.bob.message(ALICE, "to a sleeper")
    people.bob.ping()
    rename(slapd, people)
    alicia = as_alicia(people)
    assert [body(m) for m in stored(alicia)] == ["to a sleeper"]
    alicia.close()


def test_a_request_that_waited_can_be_answered(slapd, people):  # noqa: F811
    send(people.carol, ALICE, "subscribe")
    people.carol.ping()
    rename(slapd, people)
    assert roster(people.carol)[ALICIA].state == "none+ask"
    alicia = as_alicia(people)
    alicia.send("<presence/>")
    request = alicia.until(lambda e: e.tag == CLIENT + "presence" and e.get("type") == "subscribe")
    assert (request.get("from"), request.get("to")) == (CAROL, ALICIA)
    send(alicia, CAROL, "subscribed")
    settle(alicia, people.carol)
    assert roster(people.carol)[ALICIA].state == "to"
    alicia.close()


def test_everything_else_moves_as_well(slapd, people):  # noqa: F811
    people.alice.iq("set", NOTES.format(NOTE))
    people.alice.iq("set", VCARD.format("<FN>Alice</FN>"))
    people.alice.iq("set", "<block xmlns='urn:xmpp:blocking'><item jid='mallory@localhost'/></block>")
    rename(slapd, people)
    alicia = as_alicia(people)
    assert "milk" in ET.tostring(alicia.iq("get", NOTES.format("<notes xmlns='urn:notes'/>"))).decode()
    assert "Alice" in ET.tostring(alicia.iq("get", VCARD.format(""))).decode()
    assert "mallory@localhost" in ET.tostring(alicia.iq("get", "<blocklist xmlns='urn:xmpp:blocking'/>")).decode()
    alicia.close()


@pytest.mark.parametrize("there", [True, False], ids=["there", "away"])
def test_who_has_blocked_her_has_still(slapd, people, there):  # noqa: F811
    blocklist = "<blocklist xmlns='urn:xmpp:blocking'/>"
    people.carol.iq("get", blocklist)
    people.carol.iq("set", f"<block xmlns='urn:xmpp:blocking'><item jid='{ALICE}'/></block>")
    carol = people.carol
    if there:
        people.carol.ping()
    else:
        leave(people, people.carol)
        os.kill(people.pids()["routerd"], signal.SIGKILL)
        people.log.wait("router-connected role=dirsyncd", since=people.log.mark())
    rename(slapd, people)
    if there:
        push = carol.until(lambda e: e.find("{urn:xmpp:blocking}block") is not None)
        assert [i.get("jid") for i in push.iter("{urn:xmpp:blocking}item")] == [ALICIA]
    else:
        carol = log_in(people, "carol").available()
    assert ALICIA in ET.tostring(carol.iq("get", blocklist)).decode()
    alicia = as_alicia(people).available()
    alicia.message(CAROL, "it is me")
    assert alicia.next_message().get("type") == "error"
    assert "it is me" not in [body(m) for m in carol.ping() if m.tag == CLIENT + "message"]
    alicia.close(), carol.close()


def test_what_is_there_already_stays(slapd, people):  # noqa: F811
    """Somebody has logged in under the new name before dirsyncd could say that it is the same person."""
    pid = people.pids()["dirsyncd"]
    pause(pid)
    slapd.tool("ldapmodrdn", "-r", slapd.person_dn("alice"), "uid=alicia")
    alicia = as_alicia(people)
    put(alicia, CAROL, "my carol")
    put(people.alice, CAROL, "the old carol")
    mark = people.log.mark()
    os.kill(pid, signal.SIGCONT)
    people.log.wait("account-moved", since=mark)
    found = roster(alicia)
    assert found[CAROL].name == "my carol"
    assert found[BOB].state == "both"
    alicia.close()


def test_back_again_is_as_before(slapd, people):  # noqa: F811
    rename(slapd, people)
    rename(slapd, people, "alicia", "alice")
    alice = log_in(people, "alice")
    assert roster(alice)[BOB].state == "both"
    assert ALICIA not in roster(people.bob)
    assert roster(people.bob)[ALICE].state == "both"
    alice.close()


def test_who_takes_the_old_name_gets_nothing(slapd, people):  # noqa: F811
    rename(slapd, people)
    slapd.add("alice")
    people.log.wait("account-erased .*account=alice")  # who logs in before that is taken for the former one
    other = log_in(people, "alice")
    assert roster(other) == {}
    assert ALICE not in roster(people.bob)
    other.close()


def test_somebody_abroad_is_told_that_the_old_address_is_no_more(slapd, make_suite):  # noqa: F811
    slapd.add("alice")
    suite = gates.configure(make_suite(accounts={}, start=False, settings={}))
    suite.edit(**slapd.settings())
    suite.start()
    suite.log.wait("directory-followed .*accounts=1")
    with gates.Gate(suite) as abroad:
        alice = log_in(suite, "alice").available()
        friend = f"friend@{gates.NAME}"
        send(alice, friend, "subscribe")
        alice.ping()
        for kind in ("subscribed", "subscribe"):
            abroad.send(f"<presence from='{friend}' to='{ALICE}' type='{kind}'/>")
        abroad.round()
        send(alice, friend, "subscribed")
        put(alice, friend, "Friend", ["far"])
        alice.ping()
        abroad.round()
        rename(slapd, suite)
        told = []
        while told[-2:] != [(ALICE, "unsubscribe"), (ALICE, "unsubscribed")]:
            element = abroad.until(lambda e: e.tag == gates.NS + "presence" and e.get("to") == friend)
            told.append((element.get("from"), element.get("type")))
        alicia = as_alicia(suite)
        item = roster(alicia)[friend]
        assert (item.state, item.name, item.groups) == ("none", "Friend", ["far"])
        alice.close(), alicia.close()
