"""bulkheadctl dns flush: the DNS is asked anew."""
import pytest

from federation import net  # noqa: F401 (a fixture)
from suite import free_port
from xmpp import body, condition


class Moved:
    """one.example and two.example, where the DNS has another server for two.example first: moved.move() mends that."""

    def __init__(self, net, make_suite, **settings):  # noqa: F811
        self.net = net
        self.one = net.instance(make_suite, "one.example", "alice", {"s2sd.connect_timeout": 5, **settings})
        self.two = net.instance(make_suite, "two.example", "bob")
        self.right = list(net.dns.records)
        net.dns.records = [record for record in self.right if "two.example" not in record]
        net.dns.server("two.example", free_port())
        net.dns.start()
        self.one.start(), self.two.start()

    def move(self):
        self.net.dns.process.terminate()
        self.net.dns.process.wait()
        self.net.dns.records = self.right
        self.net.dns.start()


@pytest.fixture
def make_moved(net, make_suite):  # noqa: F811
    return lambda **settings: Moved(net, make_suite, **settings)


def refused(alice, bob):
    alice.message(bob.jid, "hello")
    return condition(alice.next_message())[1]


def test_what_the_dns_has_said_is_forgotten(make_moved, raw):
    moved = make_moved(**{"s2sd.retry": 0})
    alice = raw(moved.one, "alice", "a", domain="one.example")
    bob = raw(moved.two, "bob", "b", domain="two.example")
    assert refused(alice, bob).startswith("remote-server-")
    moved.move()
    assert refused(alice, bob).startswith("remote-server-")  # what was heard counts for its time
    assert moved.one.rows("dns", "flush") == [{"instance": "s2sd@1", "retries": "0"}]
    alice.message(bob.jid, "found")
    assert body(bob.next_message()) == "found"


@pytest.mark.parametrize("arguments, others", [([], "2"), (["Two.example"], "1")])
def test_a_domain_that_could_not_be_reached_is_tried_again_at_once(make_moved, raw, arguments, others):
    moved = make_moved(**{"s2sd.retry": 86400})
    alice = raw(moved.one, "alice", "a", domain="one.example")
    bob = raw(moved.two, "bob", "b", domain="two.example")
    assert refused(alice, bob).startswith("remote-server-")
    alice.message("somebody@nowhere.example", "hello")
    assert condition(alice.next_message())[1].startswith("remote-server-")
    moved.move()
    assert refused(alice, bob).startswith("remote-server-")
    assert moved.one.rows("dns", "flush", *arguments) == [{"instance": "s2sd@1", "retries": others}]
    alice.message(bob.jid, "found")
    assert body(bob.next_message()) == "found"


def test_streams_that_are_open_stay(make_moved, raw):
    moved = make_moved()
    moved.move()
    alice = raw(moved.one, "alice", "a", domain="one.example")
    bob = raw(moved.two, "bob", "b", domain="two.example")
    alice.message(bob.jid, "one")
    assert body(bob.next_message()) == "one"
    before = {row["connection"] for row in moved.one.rows("s2s", "list")}
    assert moved.one.ctl("dns", "flush").returncode == 0
    alice.message(bob.jid, "two")
    assert body(bob.next_message()) == "two"
    assert {row["connection"] for row in moved.one.rows("s2s", "list")} == before


def test_every_s2sd_forgets(make_moved):
    moved = make_moved(**{"s2sd.instances": 3})
    assert {row["instance"] for row in moved.one.rows("dns", "flush", "two.example")} == {"s2sd@1", "s2sd@2", "s2sd@3"}


def test_what_is_no_domain_is_refused(make_moved):
    done = make_moved().one.ctl("dns", "flush", "@@")
    assert done.returncode == 2 and "that is no domain" in done.stderr


def test_without_an_s2sd_there_is_nothing_to_forget(suite):
    done = suite.ctl("dns", "flush")
    assert done.returncode == 75 and "no s2sd is running" in done.stderr
