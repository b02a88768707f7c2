"""Two of our servers: stanzas, presence and subscriptions between their users."""
import pytest

from federation import make_pair, net, pair  # noqa: F401 (fixtures)
from im import is_presence, put, roster
from suite import eventually
from xmpp import CLIENT, body, condition


def both(pair, raw):
    alice = raw(pair.one, "alice", "a", domain="one.example")
    bob = raw(pair.two, "bob", "b", domain="two.example")
    return alice, bob


@pytest.fixture
def alice(pair, raw):  # noqa: F811
    return raw(pair.one, "alice", "a", domain="one.example")


@pytest.fixture
def bob(pair, raw):  # noqa: F811
    return raw(pair.two, "bob", "b", domain="two.example")


def talk(alice, bob):
    alice.message(bob.jid, "hello")
    got = bob.next_message()
    assert (got.get("from"), body(got)) == (alice.jid, "hello")
    bob.message(alice.jid, "hello back")
    assert body(alice.next_message()) == "hello back"


def proofs(suite):
    """How the domains of others were proved here."""
    suite.log.wait(r"s2sd@\d+ domain-proved")
    return {line.split("method=")[1].split()[0]
            for line in suite.log.find(r"s2sd@\d+ domain-proved .*method=")}


# How a server says who it is.

@pytest.mark.section("XEP-0178")
def test_by_certificate_where_there_is_one(pair, raw):  # noqa: F811
    talk(*both(pair, raw))
    assert proofs(pair.one) == {"certificate"}  # which two.example has shown, and may answer on that stream
    assert proofs(pair.two) == {"EXTERNAL"}


def test_by_dialback_where_certificates_prove_nothing(make_pair, net, make_suite, raw):  # noqa: F811
    pair = make_pair(one={'domain "one.example".s2s': "dialback", "s2sd.ca": ""},  # noqa: F811
                     two={'domain "two.example".s2s': "dialback", "s2sd.ca": ""})
    talk(*both(pair, raw))
    assert proofs(pair.one) == proofs(pair.two) == {"dialback"}
    assert not pair.one.log.find("domain-proved .*tls=\\s*$")


@pytest.mark.section("XEP-0368")
def test_by_tls_from_the_first_byte(make_pair, net, raw):  # noqa: F811
    from suite import free_port
    ports = {d: free_port() for d in ("one.example", "two.example")}
    for domain, port in ports.items():
        net.dns.server(domain, port, tls=True, priority=0)
    pair = make_pair(  # noqa: F811
        one={"s2sd.listen_tls": [f"127.0.0.1:{ports['one.example']}"], "s2sd.listen": []},
        two={"s2sd.listen_tls": [f"127.0.0.1:{ports['two.example']}"], "s2sd.listen": []})
    talk(*both(pair, raw))


# What goes over it.

def test_iqs_are_answered(pair, alice, bob):  # noqa: F811
    pong = alice.ping(to="two.example")
    assert pong is not None
    reply = alice.iq("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", to="two.example")
    assert reply.get("type") == "result" and reply.get("from") == "two.example"
    error = alice.iq("get", "<query xmlns='jabber:iq:roster'/>", to="bob@two.example")
    assert error.get("type") == "error"


def become_contacts(alice, bob):
    roster(alice), roster(bob)
    alice.send("<presence to='bob@two.example' type='subscribe'/>")
    bob.until(is_presence("subscribe", "alice@one.example"))
    bob.send("<presence to='alice@one.example' type='subscribed'/>")
    alice.until(is_presence(None, bob.jid))
    bob.send("<presence to='alice@one.example' type='subscribe'/>")
    alice.until(is_presence("subscribe", "bob@two.example"))
    alice.send("<presence to='bob@two.example' type='subscribed'/>")
    bob.until(is_presence(None, alice.jid))


@pytest.mark.section("RFC 6121 3.1", "RFC 6121 4.2", "RFC 6121 4.3")
def test_users_of_two_servers_see_each_other(pair, alice, bob, raw):  # noqa: F811
    become_contacts(alice, bob)
    assert roster(alice)["bob@two.example"].state == "both"
    assert roster(bob)["alice@one.example"].state == "both"
    bob.send("<presence><show>away</show></presence>")
    alice.until(lambda e: e.tag == CLIENT + "presence" and e.findtext(CLIENT + "show") == "away")
    alice.close()
    bob.until(is_presence("unavailable", alice.jid))
    again = raw(pair.one, "alice", "again", domain="one.example", priority=None)
    again.send("<presence/>")
    again.until(is_presence(None, bob.jid))  # the answer to a probe
    bob.until(is_presence(None, again.jid))


def test_messages_wait_for_who_is_away(pair, alice, raw):  # noqa: F811
    for n in range(3):
        alice.message("bob@two.example", str(n))
    alice.ping(to="two.example")
    bob = raw(pair.two, "bob", "late", domain="two.example", priority=None)  # noqa: F811
    bob.send("<presence/>")
    assert [body(bob.next_message()) for _ in range(3)] == ["0", "1", "2"]


def test_who_does_not_exist_is_an_error(pair, alice):  # noqa: F811
    alice.message("nobody@two.example", "hello")
    assert condition(alice.next_message())[1] == "service-unavailable"


# What does not go.

@pytest.mark.parametrize("domain", ["nowhere.example", "sub.two.example"])
def test_a_domain_that_is_nowhere_is_an_error(make_pair, raw, domain):  # noqa: F811
    pair = make_pair(one={"s2sd.connect_timeout": 1})  # noqa: F811
    alice = raw(pair.one, "alice", "a", domain="one.example")  # noqa: F811
    alice.message(f"x@{domain}", "hello")
    reply = alice.next_message()
    assert condition(reply)[1] in ("remote-server-not-found", "remote-server-timeout")
    assert reply.get("from") == f"x@{domain}"


def test_a_server_that_is_down_is_an_error_and_then_it_comes_back(make_pair, raw):  # noqa: F811
    pair = make_pair(one={"s2sd.retry": 0, "s2sd.connect_timeout": 2})  # noqa: F811
    alice, bob = both(pair, raw)  # noqa: F811
    talk(alice, bob)
    bob.close()
    assert pair.two.stop() == 0
    eventually(lambda: not pair.one.rows("s2s", "list"), "the end of the streams")
    alice.message("bob@two.example", "while it is down")
    assert condition(alice.next_message())[1] == "remote-server-timeout"
    pair.two.spawn()
    pair.two.log.wait("^bulkhead: ready")
    bob = raw(pair.two, "bob", "b", domain="two.example")  # noqa: F811
    talk(alice, bob)


def test_a_domain_without_s2s_talks_to_nobody(make_pair, raw):  # noqa: F811
    pair = make_pair(one={'domain "one.example".s2s': "off"})  # noqa: F811
    alice, bob = both(pair, raw)  # noqa: F811
    alice.message(bob.jid, "hello")
    assert condition(alice.next_message())[1] == "remote-server-not-found"
    bob.message(alice.jid, "hello")
    assert condition(bob.next_message())[1] in ("remote-server-not-found", "remote-server-timeout")


def test_a_server_that_comes_back_soon_gets_what_was_sent_meanwhile(pair, alice, bob, raw):  # noqa: F811
    talk(alice, bob)
    bob.close()
    pair.two.restart()
    alice.message("bob@two.example", "meanwhile")
    later = raw(pair.two, "bob", "later", domain="two.example", priority=None)
    later.send("<presence/>")
    assert body(later.next_message()) == "meanwhile"


def test_a_certificate_of_nobody_is_refused_by_who_wants_one(make_pair, raw):  # noqa: F811
    pair = make_pair(one={"s2sd.ca": ""})  # noqa: F811
    alice, bob = both(pair, raw)  # noqa: F811
    alice.message(bob.jid, "hello")
    reply = alice.next_message()
    assert condition(reply)[1] == "remote-server-not-found"
    assert "certificate" in "".join(reply.itertext())
