"""Stored messages come once, whatever dies while they are on their way (custody.md, 11)."""
import os
import signal

import pytest

import sm
from im import settle
from suite import free_port, pause
from test_restart import kill, pid_of, two  # noqa: F401 (a fixture)
from xmpp import CLIENT, body

COUNT = 150
OWN = 1  # its own presence, which comes first and counts


@pytest.fixture
def stored(two, raw):  # noqa: F811
    """150 messages wait for bob.  His session takes them and acknowledges nothing."""
    alice = raw(two, "alice", "a", address=two.at[2])
    for n in range(COUNT):
        alice.message("bob@localhost", str(n))
    alice.ping()
    bob = raw(two, "bob", "b", priority=None, address=two.at[1])
    sm.enable(bob)
    bob.send("<presence/>")  # raw's own would not give the messages
    assert bodies(bob, COUNT) == numbers(COUNT)
    bob.alice = alice
    return bob


def numbers(upto, start=0):
    return [str(n) for n in range(start, upto)]


def bodies(stream, n):
    return [body(m) for m in sm.stanzas(stream, n)]


def left(stream):
    """The messages that still come, before the answer to a ping."""
    return [body(e) for e in settle(stream)[0] if e.tag == CLIENT + "message"]


def later(suite, raw, expected):
    """A session that comes afterwards gets just these."""
    stream = raw(suite, "bob", "later", priority=None, address=suite.at[2])
    stream.send("<presence/>")
    messages = sm.stanzas(stream, len(expected))
    assert [body(m) for m in messages] == expected
    assert left(stream) == []
    return messages


def test_what_was_given_to_a_session_is_its_own_after_a_restart(two, raw, stored):  # noqa: F811
    kill(two)
    sm.ack(stored, OWN + COUNT)
    assert left(stored) == []
    later(two, raw, [])


def test_what_was_acknowledged_before_the_restart_has_gone(two, raw, stored):  # noqa: F811
    sm.ack(stored, OWN + 100)
    stored.ping()
    kill(two)
    assert left(stored) == []
    stored.close()
    back = sm.log_in(two, "bob", two.at[2])
    sm.resume(back, stored.sm_id, OWN + 100)
    assert bodies(back, COUNT - 100) == numbers(COUNT, 100)
    assert left(back) == []
    back.close()


def test_a_front_end_that_dies_with_them_leaves_them_to_the_next(two, stored):  # noqa: F811
    kill(two)
    kill(two, "c2sd@1")
    back = sm.log_in(two, "bob", two.at[2])
    sm.resume(back, stored.sm_id, OWN + 50)
    assert bodies(back, COUNT - 50) == numbers(COUNT, 50)
    assert left(back) == []
    back.close()


def test_a_session_that_ends_puts_them_back_before_what_came_since(two, raw, stored):  # noqa: F811
    sm.ack(stored, OWN + 20)
    stored.send("<presence type='unavailable'/>")
    stored.ping()
    stored.alice.message("bob@localhost", str(COUNT))
    stored.alice.ping()
    stored.send("</stream:stream>")
    stored.alice.ping()
    later(two, raw, numbers(COUNT + 1, 20))


def test_they_say_once_when_they_came(two, raw, stored):  # noqa: F811
    stored.send("</stream:stream>")
    stored.alice.ping()
    messages = later(two, raw, numbers(COUNT))
    assert {len(m.findall("{urn:xmpp:delay}delay")) for m in messages} == {1}


def test_a_kill_while_they_are_sent_loses_none_and_repeats_none(two, raw):  # noqa: F811
    alice = raw(two, "alice", "a", address=two.at[2])
    for n in range(COUNT):
        alice.message("bob@localhost", str(n))
    alice.ping()
    bob = raw(two, "bob", "b", priority=None, address=two.at[1])
    bob.send("<presence/>")
    bob.next()
    kill(two)
    alice.message("bob@localhost", "last")
    came = []
    while "last" not in came:
        came.append(body(bob.next_message()))
    assert came == numbers(COUNT) + ["last"]
    later(two, raw, [])


# A front end that stands still (custody.md, 9).

@pytest.fixture
def stopped(two, raw):  # noqa: F811
    """Bob's front end is stopped, and alice has sent more than a session may have under way."""
    alice = raw(two, "alice", "a", address=two.at[2])
    bob = raw(two, "bob", "b", address=two.at[1])
    sm.enable(alice), sm.enable(bob)
    pid = pid_of(two, "c2sd@1")
    pause(pid)
    for n in range(COUNT):
        alice.message(bob.jid, str(n))
    bob.alice, bob.front_end = alice, pid
    return bob


def all_safe(alice):
    sm.handles(alice, COUNT)


def test_senders_do_not_wait_for_it(two, raw, stopped):  # noqa: F811
    carol = raw(two, "alice", "other", address=two.at[2])
    all_safe(stopped.alice)
    stopped.alice.message(carol.jid, "to another")
    assert body(carol.next_message()) == "to another"
    os.kill(stopped.front_end, signal.SIGCONT)
    assert bodies(stopped, COUNT) == numbers(COUNT)
    assert left(stopped) == []


def test_when_it_dies_nothing_is_lost(two, stopped):  # noqa: F811
    all_safe(stopped.alice)
    os.kill(stopped.front_end, signal.SIGKILL)
    back = sm.log_in(two, "bob", two.at[2])
    sm.resume(back, stopped.sm_id, 0)
    assert bodies(back, COUNT) == numbers(COUNT)
    assert left(back) == []
    back.close()


def test_when_routerd_dies_meanwhile_all_of_it_comes_once(two, stopped):  # noqa: F811
    all_safe(stopped.alice)
    kill(two, wait=False)
    stopped.alice.ping()
    os.kill(stopped.front_end, signal.SIGCONT)
    assert bodies(stopped, COUNT) == numbers(COUNT)
    assert left(stopped) == []


def test_when_both_die_one_after_the_other_all_of_it_comes_once(two, stopped):  # noqa: F811
    all_safe(stopped.alice)
    kill(two, wait=False)
    stopped.alice.ping()
    os.kill(stopped.front_end, signal.SIGKILL)
    back = sm.log_in(two, "bob", two.at[2])
    sm.resume(back, stopped.sm_id, 0)
    assert bodies(back, COUNT) == numbers(COUNT)
    back.close()


# A queue that is full: what finds no room in it is stored, and comes when there is.

@pytest.fixture
def overflowing(make_suite, raw):
    """Bob's session sleeps; its queue is full, and more is stored."""
    ports = {1: free_port(), 2: free_port()}
    suite = make_suite(front_ends={f"c2sd@{n}": [f"127.0.0.1:{p}"] for n, p in ports.items()},
                       settings={"routerd.session_queue": "65536"})
    suite.at = {n: ("127.0.0.1", p) for n, p in ports.items()}
    alice = raw(suite, "alice", "a", address=suite.at[2])
    bob = raw(suite, "bob", "b", address=suite.at[1])
    sm.enable(alice), sm.enable(bob)
    bob.close()
    alice.ping()
    for n in range(600):
        alice.message(bob.jid, f"{n} {'x' * 400}")
    sm.handles(alice, 601)  # and a ping
    bob.suite, bob.alice = suite, alice
    return bob


def words(stream, n):
    return [m.split()[0] for m in bodies(stream, n)]


@pytest.mark.parametrize("step", [1, 7, 60])
def test_a_queue_that_overflows_comes_once_and_in_order_through_deaths(overflowing, step):
    back = sm.log_in(overflowing.suite, "bob", overflowing.suite.at[2])
    sm.resume(back, overflowing.sm_id, 0)
    came, acked = [], 0
    while len(came) < 600:
        came += words(back, 1)
        if len(came) % step == 0:
            acked = len(came)
            sm.ack(back, acked)
        if len(came) % 97 == 0:
            kill(overflowing.suite)
    assert came == numbers(600)
    sm.ack(back, 600)
    assert left(back) == []
    back.close()
