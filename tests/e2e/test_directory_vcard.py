"""Profiles of accounts that a directory holds: XEP-0054, with the test as dirsyncd."""
import os
import signal

import pytest

import sm
from bus import LATER
from fake_dirsyncd import dirsyncd, held  # noqa: F401 (fixtures)
from slapd import make_slapd, slapd  # noqa: F401 (fixtures)
from test_directory_login import log_in
from xmpp import CLIENT, STANZA_ERRORS, condition

V = "{vcard-temp}"
GET = "<vCard xmlns='vcard-temp'/>"
CARD = "<vCard xmlns='vcard-temp'><FN>{name}</FN></vCard>"


@pytest.fixture
def people(slapd):  # noqa: F811
    slapd.add("alice"), slapd.add("bob")
    return slapd


def card(name):
    return CARD.format(name=name)


def ask(stream, to=None, id="v", kind="get", child=GET):
    """Sends it and waits for nothing."""
    to = f" to='{to}'" if to else ""
    stream.send(f"<iq type='{kind}' id='{id}'{to}>{child}</iq>")


def answer(stream, id="v", timeout=20):
    return stream.until(lambda e: e.tag == CLIENT + "iq" and e.get("id") == id, timeout)


def name(reply):
    assert reply.get("type") == "result"
    return reply.findtext(f"{V}vCard/{V}FN")


def text(reply):
    return reply.find(CLIENT + "error").findtext(STANZA_ERRORS + "text")


@pytest.mark.section("XEP-0054 3.1", "XEP-0054 3.3")
@pytest.mark.parametrize("profiles", ["readonly", "editable"])
@pytest.mark.parametrize("to, whose", [(None, "alice"), ("alice@localhost", "alice"), ("bob@localhost", "bob")])
def test_it_is_the_directory_s(people, held, dirsyncd, profiles, to, whose):  # noqa: F811
    suite = held(profiles=profiles)
    played, alice = dirsyncd(suite), log_in(suite, "alice")
    ask(alice, to)
    assert played.profile(card(whose)) == f"{whose}@localhost"
    reply = answer(alice)
    assert name(reply) == whose and reply.get("from") in (to, "alice@localhost")
    alice.close()


@pytest.mark.section("XEP-0054 3.1", "XEP-0054 3.3")
def test_who_has_none_looks_like_nobody(people, held, dirsyncd):  # noqa: F811
    suite = held()
    played, alice = dirsyncd(suite), log_in(suite, "alice")
    outcomes = []
    for to in ("bob@localhost", "nobody@localhost"):
        ask(alice, to)
        assert played.profile() == to
        outcomes.append(condition(answer(alice)))
    assert outcomes == [("cancel", "service-unavailable")] * 2
    ask(alice)
    played.profile()
    assert condition(answer(alice)) == ("cancel", "item-not-found")
    alice.close()


@pytest.mark.section("XEP-0054 3.3")
def test_who_is_blocked_sees_none_and_cannot_tell(people, held, dirsyncd):  # noqa: F811
    suite = held()
    played, alice, bob = dirsyncd(suite), log_in(suite, "alice"), log_in(suite, "bob")
    alice.iq("set", "<block xmlns='urn:xmpp:blocking'><item jid='bob@localhost'/></block>")
    ask(bob, "alice@localhost")
    assert played.profile(card("alice")) == "alice@localhost"
    assert condition(answer(bob)) == ("cancel", "service-unavailable")
    alice.close(), bob.close()


@pytest.mark.section("XEP-0054 3.2")
def test_read_only_ones_are_changed_in_the_directory(people, held, dirsyncd):  # noqa: F811
    suite = held(profiles="readonly")
    alice = log_in(suite, "alice")
    reply = alice.iq("set", card("mine"))
    assert condition(reply) == ("cancel", "not-allowed") and "directory" in text(reply)
    assert condition(alice.iq("set", card("his"), "bob@localhost"))[1] == "forbidden"
    alice.close()


@pytest.mark.section("XEP-0054 3.2")
def test_an_editable_one_is_hidden_by_one_s_own_until_that_is_taken_back(people, held, dirsyncd):  # noqa: F811
    suite = held(profiles="editable")
    played, alice, bob = dirsyncd(suite), log_in(suite, "alice"), log_in(suite, "bob")
    assert alice.iq("set", card("mine")).get("type") == "result"
    assert name(alice.iq("get", GET)) == "mine"
    assert name(bob.iq("get", GET, "alice@localhost")) == "mine"
    assert alice.iq("set", GET).get("type") == "result"
    ask(bob, "alice@localhost")
    assert played.profile(card("hers")) == "alice@localhost"
    assert name(answer(bob)) == "hers"
    alice.close(), bob.close()


def test_without_profiles_they_are_the_users_own(people, held, dirsyncd):  # noqa: F811
    suite = held(profiles="off")
    alice = log_in(suite, "alice")
    assert condition(alice.iq("get", GET)) == ("cancel", "item-not-found")
    assert condition(alice.iq("get", GET, "bob@localhost")) == ("cancel", "service-unavailable")
    assert alice.iq("set", card("mine")).get("type") == "result"
    assert name(alice.iq("get", GET)) == "mine"
    assert alice.iq("set", GET).get("type") == "result"
    assert alice.iq("get", GET).find(V + "vCard") is not None
    alice.close()


# dirsyncd is away, or not ready.

def test_a_question_waits_for_a_dirsyncd_and_nothing_else_waits_for_it(people, held, dirsyncd):  # noqa: F811
    suite = held()
    alice, bob = log_in(suite, "alice").available(), log_in(suite, "bob").available()
    ask(alice, "bob@localhost")
    alice.message("bob@localhost", "meanwhile")
    assert bob.next_message().get("from") == alice.jid
    alice.ping()
    assert dirsyncd(suite).profile(card("bob")) == "bob@localhost"
    assert name(answer(alice)) == "bob"
    alice.close(), bob.close()


def test_it_is_asked_again_when_the_directory_has_not_been_read_yet(people, held, dirsyncd):  # noqa: F811
    suite = held()
    played, alice = dirsyncd(suite), log_in(suite, "alice")
    ask(alice)
    played.profile(state=LATER)
    played.profile(card("alice"))
    assert name(answer(alice)) == "alice"
    alice.close()


def test_it_is_asked_again_when_dirsyncd_has_died(people, held, dirsyncd):  # noqa: F811
    suite = held()
    first, alice = dirsyncd(suite), log_in(suite, "alice")
    ask(alice)
    first.asked("PROFILE_GET")
    first.socket.close()
    suite.log.wait("peer-left peer=dirsyncd")
    dirsyncd(suite).profile(card("alice"))
    assert name(answer(alice)) == "alice"
    alice.close()


def test_after_ten_seconds_there_is_an_answer_that_is_the_same_for_everybody(people, held, dirsyncd):  # noqa: F811
    suite = held()
    alice, bob = log_in(suite, "alice"), log_in(suite, "bob")
    played = dirsyncd(suite)  # which says nothing
    alice.iq("set", "<block xmlns='urn:xmpp:blocking'><item jid='bob@localhost'/></block>")
    for n, to in enumerate((None, "alice@localhost", "nobody@localhost")):
        ask(bob, to, id=f"v{n}")
    for n in range(3):
        reply = answer(bob, f"v{n}")
        assert condition(reply) == ("wait", "resource-constraint") and "directory" in text(reply)
    subject, _ = played.asked("PROFILE_GET")
    played.send("PROFILE", subject, state=1, xml=card("late"))  # too late is no harm
    bob.ping()
    alice.close(), bob.close()


def test_not_more_than_a_thousand_wait(people, held, dirsyncd):  # noqa: F811
    suite = held({"routerd.sessions_per_account": 20})
    streams = [log_in(suite, user, f"r{n}") for n in range(8) for user in ("alice", "bob")]
    for stream in streams:
        stream.send("".join(f"<iq type='get' id='v{n}'>{GET}</iq>" for n in range(63)))
    refused = [e for s in streams for e in s.ping()]
    assert len(refused) == 16 * 63 - 1000
    assert {condition(e) for e in refused} == {("wait", "resource-constraint")}
    for stream in streams:
        stream.close()


# What was accepted is answered, whoever dies (custody.md).

def test_a_routerd_that_dies_asks_anew(people, held, dirsyncd):  # noqa: F811
    suite = held()
    played, alice = dirsyncd(suite), log_in(suite, "alice")
    ask(alice)
    played.asked("PROFILE_GET")
    mark = suite.log.mark()
    os.kill(suite.pids()["routerd"], signal.SIGKILL)
    suite.log.wait("peer-joined peer=c2sd@1", since=mark)
    dirsyncd(suite).profile(card("alice"))
    assert name(answer(alice)) == "alice"
    alice.ping()
    alice.close()


def test_a_session_that_is_resumed_does_not_wait_for_it(people, held, dirsyncd):  # noqa: F811
    """Its answer is in the queue: an error, since it could not be resumed before there is one."""
    suite = held()
    alice = log_in(suite, "alice")
    sm.enable(alice)
    ask(alice, "bob@localhost")
    alice.ping()
    alice.close()
    suite.log.wait("session-asleep .*jid=alice")
    with sm.Raw(suite.address) as again:
        import scram
        again.open()
        again.starttls()
        again.auth("PLAIN", scram.plain("alice", "secret-1"))
        assert again.verdict() == "success"
        again.open()
        assert sm.resume(again, alice.sm_id, 1) == 2
        assert condition(answer(again, timeout=5)) == ("wait", "resource-constraint")


# What a dirsyncd says that has been taken over.

@pytest.mark.parametrize("xml", [
    "<vCard xmlns='vcard-temp'>", "<vCard xmlns='vcard-temp'/></iq><message/>", "x", "<FN xmlns='vcard-temp'/>",
    "<vCard xmlns='vcard-temp'/><vCard xmlns='vcard-temp'/>", "<vCard xmlns='jabber:client'/>",
    "<!DOCTYPE x><vCard xmlns='vcard-temp'/>"])
def test_s28_what_is_no_vcard_goes_to_nobody(people, held, dirsyncd, xml):  # noqa: F811
    suite = held()
    played, alice = dirsyncd(suite), log_in(suite, "alice")
    ask(alice)
    played.profile(xml)
    assert condition(answer(alice)) == ("cancel", "internal-server-error")
    alice.ping()
    alice.close()


def test_s28_an_answer_to_nothing_is_passed_over(people, held, dirsyncd):  # noqa: F811
    suite = held()
    played, alice = dirsyncd(suite), log_in(suite, "alice")
    ask(alice)
    subject, _ = played.asked("PROFILE_GET")
    played.send("PROFILE", subject + 1, state=1, xml=card("x"))
    played.send("FOUND", subject, state=1, rows=b"\0\0\0\1x")  # no vCard
    assert condition(answer(alice)) == ("cancel", "internal-server-error")
    played.send("PROFILE", subject, state=1, xml=card("x"))
    alice.ping()
    alice.close()
