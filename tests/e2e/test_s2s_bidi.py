"""One stream for both directions (XEP-0288), with a remote server that the test plays."""
import pytest

import certificates
import sm
from federation import make_pair, net  # noqa: F401 (fixtures)
from remote import Server
from test_s2s_attacks import LOCAL, REMOTE, alice, connect, one  # noqa: F401 (fixtures)
from test_s2s_custody import kill
from xmpp import DIALBACK, SASL, body

BIDI = "<bidi xmlns='urn:xmpp:bidi'/>"
FEATURE = "{urn:xmpp:features:bidi}bidi"
FEATURES = ("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism>"
            "</mechanisms><bidi xmlns='urn:xmpp:features:bidi'/>")
SM_FEATURE = f"<sm {sm.NS}/>"
SERVER = "{jabber:server}"
HIM = f"mallory@{REMOTE}"


@pytest.fixture
def certificate(one):  # noqa: F811
    return one.certificate_of(REMOTE)


def call(one, connect, certificate):  # noqa: F811
    """A stream of evil.example's for both directions, as far as it is authenticated."""
    stream = connect(one, REMOTE, certificate=certificate).begin()
    assert stream.features.find(FEATURE) is not None
    stream.send(BIDI)
    assert stream.external() == "success"
    return stream.open()


@pytest.fixture
def both(one, connect, certificate):  # noqa: F811
    return call(one, connect, certificate)


@pytest.fixture
def managed(both):
    sm.enable(both)
    return both


def got(stream):
    """The body of the next message on a server's stream."""
    return next_message(stream).findtext(f"{SERVER}body")


def next_message(stream):
    while True:
        element = stream.next()
        if element.tag == SERVER + "message":
            return element


def talk(stream, alice):  # noqa: F811
    stream.message(alice.jid, "to you")
    assert body(alice.next_message()) == "to you"
    alice.message(HIM, "and back")
    assert got(stream) == "and back"


# A stream that has come to us.

@pytest.mark.section("XEP-0288")
def test_what_goes_back_takes_the_stream_that_has_come(one, both, alice):  # noqa: F811
    talk(both, alice)
    assert {r["direction"] for r in one.rows("s2s", "list")} == {"in+out"}


def test_with_stream_management(managed, alice):  # noqa: F811
    talk(managed, alice)
    managed.until(sm.is_sm("r"))
    sm.ack(managed, 1)
    talk(managed, alice)


def test_with_stream_management_that_comes_later(one, connect, certificate, both, alice):  # noqa: F811
    """prosody enables it behind its first stanza; what we have sent by then is not counted."""
    talk(both, alice)
    sm.enable(both)
    talk(both, alice)
    both.until(sm.is_sm("r"))
    sm.ack(both, 1)
    alice.message(HIM, "two")
    assert got(both) == "two"
    both.close()
    back = call(one, connect, certificate)
    assert sm.resume(back, both.sm_id, 1) == 1
    assert got(back) == "two"


def test_without_anything_from_the_remote(both, alice):  # noqa: F811
    alice.message(HIM, "hello")
    assert got(both) == "hello"


def test_it_is_not_offered_to_who_shows_no_valid_certificate(one, connect, tmp_path):  # noqa: F811
    stream = connect(one, REMOTE, certificate=certificates.write(tmp_path, REMOTE)).begin()
    assert stream.features.find(FEATURE) is None
    stream.send(BIDI)
    assert stream.error() == "policy-violation"


def test_nor_where_the_administrator_does_not_want_it(net, make_suite, connect):  # noqa: F811
    suite = net.instance(make_suite, LOCAL, "alice", {"s2sd.bidi": "false"})
    net.dns.start()
    suite.start()
    stream = connect(suite, REMOTE, certificate=net.authority.server(REMOTE)).begin()
    assert stream.features.find(FEATURE) is None


def test_nothing_goes_there_for_another_domain(both, alice):  # noqa: F811
    talk(both, alice)
    alice.message("x@good.example", "not for you")
    alice.message(HIM, "but this")
    assert got(both) == "but this"


@pytest.fixture
def good(net):  # noqa: F811
    """Asked for before `one`, which starts the DNS."""
    server = Server("good.example")
    net.dns.server("good.example", server.port)
    yield server
    server.close()


def test_nor_for_one_that_the_certificate_does_not_name(good, one, both, alice):  # noqa: F811
    """It has proved good.example as well, by dialback alone: with that it may speak for it, and hear nothing."""
    both.result(sender="good.example")
    asked = good.accept()
    asked.secured(one.certificate_of("good.example"))
    asked.expect(DIALBACK + "verify")
    asked.send(f"<db:verify from='good.example' to='{LOCAL}' id='{both.id}' type='valid'/>")
    assert both.answer() == ("valid", None)
    both.message(alice.jid, "from there", sender="x@good.example")
    assert body(alice.next_message()) == "from there"
    alice.message("x@good.example", "not for you")
    good.accept().close()  # it is dialled
    alice.message(HIM, "but this")
    assert got(both) == "but this"


def test_nothing_goes_out_before_a_proof(one, connect, certificate, alice):  # noqa: F811
    stream = connect(one, REMOTE, certificate=certificate).begin()
    stream.send(BIDI)
    alice.message(HIM, "hello")
    one.evil.accept().greeted("")  # it is dialled
    assert stream.external() == "success"


def test_one_stream_of_a_server_goes_one_way(one, connect, certificate, alice):  # noqa: F811
    """It has not asked for more."""
    stream = connect(one, REMOTE, certificate=certificate).authenticate()
    stream.message(alice.jid, "to you")
    alice.next_message()
    alice.message(HIM, "and back")
    one.evil.accept().greeted("")


# It is lost.

def lose(managed, alice):  # noqa: F811
    """Two messages on their way to the remote, of which it has taken one; then the stream is lost."""
    for text in ("one", "two"):
        alice.message(HIM, text)
    assert [got(managed) for _ in range(2)] == ["one", "two"]
    managed.close()


@pytest.mark.parametrize("daemon", [None, "s2sd@1", "routerd"])
def test_what_was_not_taken_comes_again_when_it_is_resumed(one, connect, certificate, managed, alice,  # noqa: F811
                                                           daemon):
    lose(managed, alice)
    if daemon is not None:
        kill(one, daemon)
    back = call(one, connect, certificate)
    assert sm.resume(back, managed.sm_id, 1) == 0
    assert got(back) == "two"
    back.until(sm.is_sm("r"))
    sm.ack(back, 2)
    talk(back, alice)


def test_the_count_goes_on_when_all_was_taken(one, connect, certificate, managed, alice):  # noqa: F811
    lose(managed, alice)
    back = call(one, connect, certificate)
    assert sm.resume(back, managed.sm_id, 2) == 0
    talk(back, alice)
    back.until(sm.is_sm("r"))
    sm.ack(back, 3)
    talk(back, alice)


def test_what_nobody_resumes_is_dialled(one, managed, alice):  # noqa: F811
    lose(managed, alice)
    one.evil.accept().greeted("")


def test_it_acknowledges_too_much(managed, alice):  # noqa: F811
    talk(managed, alice)
    sm.ack(managed, 7)
    assert managed.error() == "undefined-condition"


# A stream of ours.

@pytest.fixture
def called(one, certificate, alice):  # noqa: F811
    """Ours has called evil.example, which offers both directions, and says who it is."""
    alice.message(HIM, "hello")
    return answer(one, certificate)


def answer(one, certificate, more=""):  # noqa: F811
    stream = one.evil.accept()
    stream.secured(certificate, FEATURES, authority=one.net.authority.file)
    stream.expect("{urn:xmpp:bidi}bidi")
    stream.expect(SASL + "auth")
    stream.send("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
    stream.greeted(more)
    return stream


def say(stream, to, text, sender=HIM):
    stream.send(f"<message from='{sender}' to='{to}' type='chat'><body>{text}</body></message>")


@pytest.mark.section("XEP-0288")
def test_what_comes_back_on_our_own_stream_is_taken(called, alice):  # noqa: F811
    assert got(called) == "hello"
    say(called, alice.jid, "and back")
    assert body(alice.next_message()) == "and back"


@pytest.mark.parametrize("sender", ["x@good.example", f"alice@{LOCAL}"])
def test_for_its_own_domain_alone(called, alice, sender):  # noqa: F811
    got(called)
    say(called, alice.jid, "lies", sender)
    assert called.error() == "invalid-from"


def test_we_do_not_ask_who_shows_no_valid_certificate(net, make_suite, raw, tmp_path):  # noqa: F811
    from remote import Server
    suite = net.instance(make_suite, LOCAL, "alice", {f'domain "{LOCAL}".s2s': "dialback"})
    server = Server(REMOTE)
    net.dns.server(REMOTE, server.port)
    net.dns.start()
    alice = raw(suite.start(), "alice", "a", domain=LOCAL)  # noqa: F811
    alice.message(HIM, "hello")
    stream = server.accept()
    stream.secured(certificates.write(tmp_path, REMOTE), FEATURES.replace("EXTERNAL", "X")
                   + "<dialback xmlns='urn:xmpp:features:dialback'/>")
    stream.expect(DIALBACK + "result")
    say(stream, alice.jid, "lies")
    assert stream.error() == "not-authorized"
    server.close()


@pytest.fixture
def counted(one, certificate, alice):  # noqa: F811
    """The same with stream management: ours has sent one, and got one."""
    alice.message(HIM, "hello")
    stream = answer(one, certificate, SM_FEATURE)
    stream.expect(sm.SM + "enable")
    stream.send(f"<enabled {sm.NS} id='i-1' resume='true'/>")
    assert got(stream) == "hello"
    say(stream, alice.jid, "and back")
    assert body(alice.next_message()) == "and back"
    sm.request(stream)
    one.log.wait("way-open")
    return stream


@pytest.mark.parametrize("daemon", [None, "s2sd@1", "routerd"])
def test_ours_is_resumed_with_both_counts(one, certificate, counted, alice, daemon):  # noqa: F811
    if daemon is not None:
        kill(one, daemon)
    counted.close()
    again = answer(one, certificate, SM_FEATURE)
    resume = again.expect(sm.SM + "resume")
    assert (resume.get("previd"), resume.get("h")) == ("i-1", "1")
    again.send(f"<resumed {sm.NS} previd='i-1' h='1'/>")
    say(again, alice.jid, "more")
    assert body(alice.next_message()) == "more"
    alice.message(HIM, "and back")
    assert got(again) == "and back"
    sm.handles(again, 2)


def test_an_id_that_is_two_words_is_not_kept(one, certificate, alice):  # noqa: F811
    """The first would be taken for all of it, and the second for the session that we resume in routerd."""
    alice.message(HIM, "hello")
    stream = answer(one, certificate, SM_FEATURE)
    stream.expect(sm.SM + "enable")
    stream.send(f"<enabled {sm.NS} id='i-1 -' resume='true'/>")
    assert got(stream) == "hello"
    one.log.wait("way-open")
    kill(one, "s2sd@1")
    stream.close()
    again = answer(one, certificate, SM_FEATURE)
    assert again.next().tag == sm.SM + "enable"
    again.send(f"<enabled {sm.NS} id='i-2' resume='true'/>")
    assert got(again) == "hello"


def test_a_remote_that_resumes_nothing_gets_what_there_is(one, certificate, alice):  # noqa: F811
    """prosody's streams are counted, and cannot be resumed."""
    alice.message(HIM, "hello")
    stream = answer(one, certificate, SM_FEATURE)
    stream.expect(sm.SM + "enable")
    stream.send(f"<enabled {sm.NS}/>")
    assert got(stream) == "hello"


def test_what_the_remote_has_forgotten_begins_anew(one, certificate, counted, alice):  # noqa: F811
    alice.message(HIM, "on its way")
    assert got(counted) == "on its way"
    counted.close()
    again = answer(one, certificate, SM_FEATURE)
    again.expect(sm.SM + "resume")
    again.send(f"<failed {sm.NS} h='1'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>")
    again = answer(one, certificate, SM_FEATURE)
    again.expect(sm.SM + "enable")
    again.send(f"<enabled {sm.NS} id='i-2' resume='true'/>")
    assert got(again) == "on its way"
    say(again, alice.jid, "new")
    assert body(alice.next_message()) == "new"
    sm.handles(again, 1)


# Two of ours.

def test_two_of_ours_need_one_stream(make_pair, raw):  # noqa: F811
    pair = make_pair(one={"s2sd.instances": 3}, two={"s2sd.instances": 3})
    alice = raw(pair.one, "alice", "a", domain="one.example")  # noqa: F811
    bob = raw(pair.two, "bob", "b", domain="two.example")
    for n in range(3):
        alice.message(bob.jid, str(n))
        assert body(bob.next_message()) == str(n)
        bob.message(alice.jid, str(n))
        assert body(alice.next_message()) == str(n)
    assert [r["direction"] for r in pair.one.rows("s2s", "list")] == ["out+in"]
    assert [r["direction"] for r in pair.two.rows("s2s", "list")] == ["in+out"]
