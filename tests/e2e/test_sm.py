"""Stream management (XEP-0198): counting, acknowledging, resuming."""
import pytest

import sm
from im import befriend, is_presence, roster, settle
from suite import eventually
from xmpp import CLIENT, StreamError, body, condition

pytestmark = pytest.mark.section("XEP-0198")


@pytest.fixture
def pair(suite, raw):
    """Alice with stream management, and bob without."""
    alice, bob = raw(suite, "alice", "a"), raw(suite, "bob", "b")
    alice.enabled = sm.enable(alice)
    return alice, bob


@pytest.fixture
def again(suite):
    """again(user): one more log-in, not bound."""
    made = []

    def log_in(user="alice"):
        made.append(sm.log_in(suite, user))
        return made[-1]
    yield log_in
    for stream in made:
        stream.close()


def cut(stream):
    """The connection breaks, without a word."""
    stream.close()


def asleep(suite, jid):
    eventually(lambda: any(r["jid"] == jid and r["state"] == "asleep"
                           for r in suite.rows("session", "list")), f"{jid} falling asleep")


def test_it_is_offered_and_enabled(pair):
    alice, _ = pair
    assert alice.features.find(sm.SM + "sm") is not None
    assert alice.enabled.get("resume") == "true" and alice.enabled.get("id")
    assert int(alice.enabled.get("max")) == 600


def test_without_a_wish_to_resume_there_is_no_id(suite, raw):
    alice = raw(suite, "alice")
    enabled = sm.enable(alice, resume=False)
    assert enabled.get("id") is None and enabled.get("resume") is None


def test_the_time_is_the_smaller_of_two_wishes(suite, raw):
    assert sm.enable(raw(suite, "alice"), max=30).get("max") == "30"
    assert sm.enable(raw(suite, "bob"), max=100000).get("max") == "600"


def test_a_second_enable_fails(pair):
    alice, _ = pair
    alice.send(f"<enable {sm.NS}/>")
    assert sm.refusal(alice) == ("unexpected-request", None)
    alice.ping()


def test_before_bind_it_cannot_be_enabled(again):
    stream = again()
    stream.send(f"<enable {sm.NS}/>")
    assert sm.refusal(stream) == ("unexpected-request", None)
    stream.bind("late")


@pytest.mark.parametrize("element", ["r", "a"])
def test_counting_before_it_is_enabled_fails(suite, raw, element):
    alice = raw(suite, "alice")
    alice.send(f"<{element} {sm.NS} h='0'/>")
    assert sm.refusal(alice) == ("unexpected-request", None)


def test_only_stanzas_after_enable_count(pair):
    alice, _ = pair
    assert sm.request(alice) == 0
    alice.message("bob@localhost", "one")
    sm.handles(alice, 1)
    alice.send(" ")
    sm.handles(alice, 1)
    alice.ping()
    alice.send("<presence/>")
    sm.handles(alice, 3)


def test_what_is_refused_counts_too(pair):
    alice, _ = pair
    alice.send("<message to='nobody@nowhere.example' id='x'><body>x</body></message>")
    alice.send("<message to='@@' id='y'><body>x</body></message>")
    sm.handles(alice, 2)


def test_the_server_does_not_ask_in_the_moment_of_enabling(suite, raw):
    """A client that begins to count when it has read all that came with <enabled/> would say too much."""
    alice = raw(suite, "alice", "a")
    sm.enable(alice)
    assert [alice.ping(), alice.ping()] == [[], []]
    alice.expect(sm.SM + "r")


def test_the_server_asks_a_quiet_client(pair):
    alice, bob = pair
    bob.message(alice.jid, "are you there")
    sm.stanzas(alice, 1)
    alice.until(sm.is_sm("r"))
    sm.ack(alice, 1)
    alice.ping()


def test_the_server_asks_in_a_stream_of_stanzas(pair):
    alice, bob = pair
    for n in range(100):
        bob.message(alice.jid, str(n))
    came = asked = 0
    while came < 100:
        if alice.next().tag == CLIENT + "message":
            came += 1
        else:
            asked += 1
            sm.ack(alice, came)
    alice.until(sm.is_sm("r"))
    assert asked >= 1


def test_the_server_asks_no_second_time_before_it_is_answered(pair):
    alice, bob = pair
    bob.send(f"<presence to='{alice.jid}'><status>first</status></presence>")
    alice.until(sm.is_sm("r"))
    for n in range(10):
        bob.send(f"<presence to='{alice.jid}'><status>{n}</status></presence>")
    bob.ping()
    assert sm.SM + "r" not in [e.tag for e in alice.ping()]


def test_a_message_is_asked_about_at_once_though_an_answer_is_due(pair):
    alice, bob = pair
    bob.send(f"<presence to='{alice.jid}'/>")
    sm.stanzas(alice, 1, "presence")
    alice.expect(sm.SM + "r")
    bob.message(alice.jid, "and then I leave")
    sm.stanzas(alice, 1)
    alice.expect(sm.SM + "r")


@pytest.mark.parametrize("h", ["1", "4294967295"])
def test_an_h_above_what_was_sent_ends_the_stream(pair, h):
    alice, _ = pair
    sm.ack(alice, h)
    with pytest.raises(StreamError) as error:
        alice.until(lambda e: False)
    assert error.value.condition == "undefined-condition"
    high = error.value.element.find(sm.SM + "handled-count-too-high")
    assert (high.get("h"), high.get("send-count")) == (h, "0")


@pytest.mark.parametrize("h", ["", "x", "-1", "4294967296", "99999999999"])
def test_an_h_that_is_no_number_ends_the_stream(pair, h):
    alice, _ = pair
    sm.ack(alice, h)
    assert alice.error() == "bad-format"


def test_a_lost_connection_is_resumed_with_all_that_came_meanwhile(suite, pair, again):
    alice, bob = pair
    bob.message(alice.jid, "seen")
    sm.stanzas(alice, 1)
    cut(alice)
    for n in range(50):
        bob.message(alice.jid, f"meanwhile {n}")
    bob.ping()
    back = again()
    assert sm.resume(back, alice.sm_id, 1) == 0
    assert [body(m) for m in sm.stanzas(back, 50)] == [f"meanwhile {n}" for n in range(50)]
    bob.message(alice.jid, "and on")
    assert body(back.next_message()) == "and on"
    assert sm.request(back) == 0
    back.message(bob.jid, "from the same session")
    assert bob.next_message().get("from") == alice.jid
    sm.handles(back, 1)


def test_what_was_not_acknowledged_comes_again_and_the_rest_does_not(pair, again):
    alice, bob = pair
    for n in range(10):
        bob.message(alice.jid, str(n))
    sm.stanzas(alice, 10)
    cut(alice)
    back = again()
    sm.resume(back, alice.sm_id, 7)
    assert [body(m) for m in sm.stanzas(back, 3)] == ["7", "8", "9"]
    sm.ack(back, 10)
    cut(back)
    third = again()
    sm.resume(third, alice.sm_id, 10)
    assert not [e for e in third.ping() if e.tag == CLIENT + "message"]


def test_a_session_is_resumed_from_a_connection_that_still_looks_alive(pair, again):
    alice, bob = pair
    bob.message(alice.jid, "one")
    back = again()
    assert sm.resume(back, alice.sm_id, 0) == 0
    assert body(back.next_message()) == "one"
    assert alice.error() == "conflict"
    bob.message(alice.jid, "two")
    assert body(back.next_message()) == "two"


def test_contacts_see_nothing_of_it(suite, raw, again):
    alice, bob = raw(suite, "alice", "a"), raw(suite, "bob", "b")
    roster(bob)
    befriend(alice, bob)
    sm.enable(alice)
    cut(alice)
    asleep(suite, alice.jid)
    back = again()
    sm.resume(back, alice.sm_id, 0)
    assert not [e for e in settle(bob)[0] if e.tag == CLIENT + "presence"]


def test_a_stream_that_was_closed_is_not_resumed(suite, pair, again):
    alice, bob = pair
    alice.message(bob.jid, "the last")
    sm.handles(alice, 1)
    alice.send("</stream:stream>")
    alice.closed()
    back = again()
    sm.ask(back, alice.sm_id, 0)
    assert sm.refusal(back) == ("item-not-found", "1")
    back.bind("new")


@pytest.mark.parametrize("id", ["", "x", "0" * 32, "z" * 32, "0" * 96])
def test_what_never_was_is_not_found_and_bind_is_still_possible(again, id):
    stream = again()
    sm.ask(stream, id, 0)
    assert sm.refusal(stream) == ("item-not-found", None)
    stream.bind("new").ping()


def test_nobody_resumes_the_session_of_another(pair, again):
    alice, _ = pair
    thief = again("bob")
    sm.ask(thief, alice.sm_id, 0)
    assert sm.refusal(thief) == ("item-not-found", None)
    alice.ping()


def test_an_h_above_what_was_sent_does_not_resume(pair, again):
    alice, bob = pair
    cut(alice)
    back = again()
    sm.ask(back, alice.sm_id, 5)
    assert back.error() == "undefined-condition"
    third = again()
    assert sm.resume(third, alice.sm_id, 0) == 0


def test_after_its_time_the_session_ends_and_says_how_much_counted(suite, raw, again):
    alice, bob = raw(suite, "alice", "a"), raw(suite, "bob", "b")
    roster(bob)
    befriend(alice, bob)
    sm.enable(alice, max=1)
    alice.message(bob.jid, "one")
    sm.handles(alice, 1)
    bob.message(alice.jid, "too late")
    sm.stanzas(alice, 1)
    cut(alice)
    bob.until(is_presence("unavailable", alice.jid))
    back = again()
    sm.ask(back, alice.sm_id, 0)
    assert sm.refusal(back) == ("item-not-found", "1")
    back.bind("b2")
    back.send("<presence/>")
    assert body(back.next_message()) == "too late"


def test_an_iq_that_waited_in_vain_is_answered(suite, raw):
    alice, bob = raw(suite, "alice", "a"), raw(suite, "bob", "b")
    befriend(alice, bob)
    sm.enable(alice, max=1)
    cut(alice)
    asleep(suite, alice.jid)
    bob.send(f"<iq type='get' id='v' to='{alice.jid}'><query xmlns='jabber:iq:version'/></iq>")
    answer = bob.until(lambda e: e.get("id") == "v")
    assert condition(answer)[1] in ("recipient-unavailable", "service-unavailable")


def test_an_account_has_only_so_many_that_sleep(make_suite, raw):
    suite = make_suite(settings={"routerd.resume_sessions": 2})
    streams = [raw(suite, "alice", f"r{n}") for n in range(4)]
    for stream in streams:
        sm.enable(stream)
    for stream in streams:
        cut(stream)
        jid = stream.jid
        eventually(lambda: [r["state"] for r in suite.rows("session", "list")
                            if r["jid"] == jid] == ["asleep"], "sleep")
    rows = {r["jid"] for r in suite.rows("session", "list")}
    assert rows == {streams[2].jid, streams[3].jid}


def test_without_a_time_nobody_resumes(make_suite, raw):
    suite = make_suite(settings={"routerd.resume_timeout": 0})
    assert sm.enable(raw(suite, "alice")).get("id") is None


def test_a_place_to_resume_is_named(make_suite, raw):
    suite = make_suite(settings={"c2sd.resume_location": "[::1]:5299"})
    assert sm.enable(raw(suite, "alice")).get("location") == "[::1]:5299"


def test_a_new_password_ends_what_sleeps(suite, pair, again):
    alice, _ = pair
    cut(alice)
    asleep(suite, alice.jid)
    done = suite.ctl("user", "passwd", "alice@localhost", "--password-stdin", input="new-1\n")
    assert done.returncode == 0, done.stderr
    assert not suite.rows("session", "list", "alice@localhost")


def test_a_killed_session_does_not_come_back(suite, pair, again):
    alice, _ = pair
    cut(alice)
    asleep(suite, alice.jid)
    assert suite.ctl("session", "kill", alice.jid).returncode == 0
    back = again()
    sm.ask(back, alice.sm_id, 0)
    assert sm.refusal(back)[0] == "item-not-found"


def test_the_same_resource_takes_the_place_of_one_that_sleeps(suite, pair, again):
    alice, bob = pair
    bob.message(alice.jid, "for whoever is there")
    sm.stanzas(alice, 1)
    cut(alice)
    asleep(suite, alice.jid)
    back = again().bind("a")
    back.send("<presence/>")
    assert body(back.next_message()) == "for whoever is there"
