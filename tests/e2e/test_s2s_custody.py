"""What was accepted for a remote domain arrives, whatever dies in between (custody.md, 16)."""
import os
import signal
import threading

import pytest

import sm
from federation import make_pair, net, pair  # noqa: F401 (fixtures)
from suite import pause
from xmpp import CLIENT, body

COUNT = 400


def pid_of(suite, instance):
    return suite.pids()[instance]


def kill(suite, instance):
    """It dies, and is there again."""
    mark = suite.log.mark()
    os.kill(pid_of(suite, instance), signal.SIGKILL)
    suite.log.wait(f" {instance} router-up " if "@" in instance else " routerd restored ", since=mark)


@pytest.fixture(params=["false", "true"], ids=["two streams", "one stream"])
def friends(make_pair, raw, request):  # noqa: F811
    """alice of one.example and bob of two.example, both with stream management."""
    pair = make_pair(one={"s2sd.bidi": request.param})
    pair.alice = raw(pair.one, "alice", "a", domain="one.example")
    pair.bob = raw(pair.two, "bob", "b", domain="two.example")
    sm.enable(pair.alice), sm.enable(pair.bob)
    pair.alice.message(pair.bob.jid, "first")
    assert body(pair.bob.next_message()) == "first"
    return pair


def collect(stream, count, came):
    """The messages' bodies, as they come, without repetitions in came.all; answers every <r/>."""
    handled = 1  # "first"
    while len(dict.fromkeys(came)) < count:
        element = stream.next(60)
        if element.tag == sm.SM + "r":
            sm.ack(stream, handled)
        elif element.tag.startswith(CLIENT):
            handled += 1
            if element.tag == CLIENT + "message":
                came.append(body(element))


def send_through(friends, kills):
    """All messages, with deaths in between; what came."""
    came = []
    reader = threading.Thread(target=collect, args=(friends.bob, COUNT, came))
    reader.start()
    for n in range(COUNT):
        friends.alice.message(friends.bob.jid, str(n))
        if n % (COUNT // (len(kills) + 1)) == 1 and n > 1:
            suite, instance = kills[(n * (len(kills) + 1) // COUNT) - 1]
            kill(suite, instance)
    reader.join(90)
    assert not reader.is_alive(), f"only {len(came)} came"
    return came


def numbers():
    return [str(n) for n in range(COUNT)]


def test_server_streams_have_stream_management(friends):
    assert "sm=yes" in friends.one.log.wait("way-open ")


def test_a_router_dies_on_either_side(friends):
    came = send_through(friends, [(friends.one, "routerd"), (friends.two, "routerd"),
                                  (friends.one, "routerd")])
    assert came == numbers()


def test_an_s2sd_dies_on_either_side(friends):
    came = send_through(friends, [(friends.one, "s2sd@1"), (friends.two, "s2sd@1"),
                                  (friends.one, "s2sd@1")])
    assert came == numbers()


def test_the_other_s2sd_goes_on(make_pair, raw):  # noqa: F811
    pair = make_pair(one={"s2sd.instances": 2})  # noqa: F811
    alice = raw(pair.one, "alice", "a", domain="one.example")
    bob = raw(pair.two, "bob", "b", domain="two.example")
    alice.message(bob.jid, "one")
    bob.next_message()
    first = next(r["instance"] for r in pair.one.rows("s2s", "list") if "out" in r["direction"])
    assert pair.one.ctl("drain", first).returncode == 0
    alice.message(bob.jid, "two")
    assert body(bob.next_message()) == "two"
    out = {r["instance"] for r in pair.one.rows("s2s", "list") if "out" in r["direction"]}
    assert out and first not in out


def test_what_waits_for_a_remote_domain_outlives_both(make_pair, raw):  # noqa: F811
    """The remote is reached at last: its server was there, and did not answer for a while."""
    pair = make_pair()  # noqa: F811
    alice = raw(pair.one, "alice", "a", domain="one.example")
    bob = raw(pair.two, "bob", "b", domain="two.example")
    remote = pid_of(pair.two, "s2sd@1")
    pause(remote)
    try:
        sm.enable(alice)
        for n in range(3):
            alice.message(bob.jid, str(n))
        sm.handles(alice, 3)
        kill(pair.one, "s2sd@1")
        kill(pair.one, "routerd")
    finally:
        os.kill(remote, signal.SIGCONT)
    assert [body(bob.next_message()) for _ in range(3)] == ["0", "1", "2"]
