"""bulkheadctl s2s: what an administrator sees of the streams with other servers."""
import pytest

from federation import make_pair, net, pair  # noqa: F401 (fixtures)
from suite import eventually, free_port
from xmpp import body, condition


@pytest.fixture
def talking(make_pair, raw):  # noqa: F811
    """Both ways have been used, with a stream for each; talking.alice, talking.bob."""
    pair = make_pair(one={"s2sd.bidi": "false"})
    pair.alice = raw(pair.one, "alice", "a", domain="one.example")
    pair.bob = raw(pair.two, "bob", "b", domain="two.example")
    pair.alice.message(pair.bob.jid, "hello")
    pair.bob.next_message()
    pair.bob.message(pair.alice.jid, "hello")
    pair.alice.next_message()
    return pair


def test_list_shows_both_directions(talking):
    rows = {row["direction"]: row for row in talking.one.rows("s2s", "list")}
    assert rows.keys() == {"in", "out"}
    for row in rows.values():
        assert (row["local"], row["remote"], row["state"], row["method"]) == (
            "one.example", "two.example", "open", "EXTERNAL")
        assert row["tls"].startswith("TLS1.3") and row["instance"] == "s2sd@1"


def test_show_says_more_of_one_domain(talking):
    out = next(r for r in talking.one.rows("s2s", "show", "two.example") if r["direction"] == "out")
    assert out["sent"] == "1" and "CN=two.example" in out["certificate"]
    eventually(lambda: all(r["unfinished"] == "0" for r in talking.one.rows("s2s", "show", "two.example")),
               "what was sent to be done")
    nothing = talking.one.ctl("s2s", "show", "three.example")
    assert nothing.returncode == 5 and "there is no stream with three.example" in nothing.stderr


def test_close_ends_them_and_the_next_message_opens_another(talking):
    before = {row["connection"] for row in talking.one.rows("s2s", "list")}
    assert talking.one.ctl("s2s", "close", "two.example").returncode == 0
    eventually(lambda: not talking.one.rows("s2s", "list"), "their end")
    talking.alice.message(talking.bob.jid, "again")
    assert body(talking.bob.next_message()) == "again"
    assert not before & {row["connection"] for row in talking.one.rows("s2s", "list")}


def test_test_shows_each_step(pair):  # noqa: F811
    done = pair.one.ctl("s2s", "test", "two.example")
    assert done.returncode == 0, done.stderr
    for text in ("asks for the servers of two.example", "server host.two.example", "connected to 127.0.0.1",
                 "asks for TLS", "CN=two.example", "valid for the domain", "EXTERNAL", "It works"):
        assert text in done.stdout, text


@pytest.mark.parametrize("domain, text", [
    ("nowhere.example", "remote-server"), ("@@", "that is no domain")])
def test_test_says_what_is_wrong(pair, domain, text):  # noqa: F811
    done = pair.one.ctl("s2s", "test", domain)
    assert done.returncode != 0 and text in done.stderr


def test_test_says_what_to_do(net, make_suite):  # noqa: F811
    suite = net.instance(make_suite, "one.example", "alice")
    net.dns.server("down.example", free_port())
    net.dns.start()
    suite.start()
    done = suite.ctl("s2s", "test", "down.example")
    assert done.returncode == 1
    assert "connection refused" in done.stderr and "Is the server running there?" in done.stderr


def test_test_tells_of_a_bad_certificate(make_pair):  # noqa: F811
    pair = make_pair(one={"s2sd.ca": ""})  # noqa: F811
    done = pair.one.ctl("s2s", "test", "two.example")
    assert done.returncode == 1
    assert "no authority that is trusted here" in done.stderr and "Set s2sd.ca" in done.stderr


def test_test_tells_of_a_chain_that_is_incomplete(net, make_suite):  # noqa: F811
    from certificates import ISSUER_ELSEWHERE
    one = net.instance(make_suite, "one.example", "alice", {"s2sd.ca": ""})
    two = net.instance(make_suite, "two.example", "bob", certificate=net.authority.server(
        "two.example", extensions=[ISSUER_ELSEWHERE]))
    net.dns.start()
    one.start(), two.start()
    done = one.ctl("s2s", "test", "two.example")
    assert done.returncode == 1
    assert "its chain is incomplete" in done.stderr and "must put its issuer's certificate behind it" in done.stderr


def test_without_an_s2sd_it_says_so(suite):
    done = suite.ctl("s2s", "list")
    assert done.returncode == 75 and "no s2sd is running" in done.stderr


def test_what_several_say_is_one_answer(make_pair, raw):  # noqa: F811
    pair = make_pair(one={"s2sd.instances": 3, "s2sd.bidi": "false"})  # noqa: F811
    alice = raw(pair.one, "alice", "a", domain="one.example")
    alice.ping(to="two.example")
    rows = pair.one.rows("s2s", "list")
    assert {row["direction"] for row in rows} == {"in", "out"}
    assert pair.one.ctl("s2s", "show", "two.example").returncode == 0
    assert pair.one.ctl("s2s", "show", "three.example").returncode == 5


# Which domains we talk to.

def refused(alice, to="bob@two.example"):
    alice.message(to, "hello")
    reply = alice.next_message()
    assert condition(reply)[1] == "remote-server-not-found"


def test_a_denied_domain_is_cut_off_at_once_and_stays_so(talking, raw):
    one, alice, bob = talking.one, talking.alice, talking.bob
    assert one.ctl("s2s", "deny", "Two.example").returncode == 0
    eventually(lambda: not one.rows("s2s", "list"), "the end of its streams")
    refused(alice)
    bob.message(alice.jid, "hello")
    assert condition(bob.next_message())[1].startswith("remote-server-")
    one.restart()
    alice = raw(one, "alice", "a", domain="one.example")
    refused(alice)
    assert one.rows("s2s", "rules") == [
        {"domain": "two.example", "rule": "denied", "from": "administrator"}]
    assert one.ctl("s2s", "allow", "two.example").returncode == 0
    alice.message("bob@two.example", "again")
    assert body(bob.until(lambda e: body(e) == "again")) == "again"


def test_the_longest_rule_decides(make_pair, raw):  # noqa: F811
    pair = make_pair(one={"s2sd.deny": ["example"], "s2sd.allow": ["two.example"]})  # noqa: F811
    alice = raw(pair.one, "alice", "a", domain="one.example")
    assert alice.ping(to="two.example") is not None
    refused(alice, "x@three.example")
    refused(alice, "x@elsewhere.test")  # where some are named, nobody else is allowed
    assert pair.one.ctl("s2s", "deny", "two.example").returncode == 0
    refused(alice)
    assert pair.one.ctl("s2s", "deny", "x@two.example").returncode == 2
