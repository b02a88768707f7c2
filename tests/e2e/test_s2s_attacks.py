"""What a hostile remote server tries (attacks.md, S12, S14 to S18, S20, S22), and RFC 6120's rules for server streams."""
import contextlib
import ctypes
import hashlib
import hmac

import pytest
from OpenSSL import SSL
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from certificates import XMPP_ADDR, utf8_string
from federation import net  # noqa: F401 (a fixture)
from remote import Server, Stream
from suite import eventually
from xmpp import TIMEOUT, TLS, Incoming, body, condition

LOCAL, REMOTE = "one.example", "evil.example"


@pytest.fixture
def one(net, make_suite):  # noqa: F811
    """Our server, for one.example; evil.example's is one.evil."""
    suite = net.instance(make_suite, LOCAL, "alice", {"s2sd.retry": 0})
    suite.evil = Server(REMOTE)
    net.dns.server(REMOTE, suite.evil.port)
    net.dns.start()
    suite.net = net
    suite.certificate_of = net.authority.server
    yield suite.start()
    suite.evil.close()


@pytest.fixture
def lax(net, make_suite):  # noqa: F811
    """The same, with dialback in the clear."""
    suite = net.instance(make_suite, LOCAL, "alice", {
        "s2sd.retry": 0, f'domain "{LOCAL}".s2s': "dialback"})
    suite.evil = Server(REMOTE)
    net.dns.server(REMOTE, suite.evil.port)
    net.dns.start()
    yield suite.start()
    suite.evil.close()


@pytest.fixture
def connect():
    made = []

    def make(*arguments, **how):
        made.append(Stream(*arguments, **how))
        return made[-1]
    yield make
    for stream in made:
        stream.close()


@pytest.fixture
def proved(one, connect):
    """A stream that has proved evil.example."""
    return connect(one, REMOTE, certificate=one.certificate_of(REMOTE)).authenticate()


@pytest.fixture
def alice(one, raw):
    return raw(one, "alice", "a", domain=LOCAL)


def test_what_is_proved_may_send(one, proved, alice):
    proved.message(alice.jid)
    assert alice.next_message().get("from") == f"mallory@{REMOTE}"


# S12: the domains of a stream stay what they are.

@pytest.mark.parametrize("to, sender", [("two.example", REMOTE), (LOCAL, "good.example"), (LOCAL, LOCAL)])
def test_s12_nothing_changes_with_a_restart_of_the_stream(one, connect, to, sender):
    stream = connect(one, REMOTE, certificate=one.certificate_of(REMOTE)).begin()
    assert stream.external() == "success"
    stream.incoming = Incoming()
    stream.send(stream.header(to=to, sender=sender))
    assert stream.error() in ("not-authorized", "invalid-from", "host-unknown")


# S14: whose certificate it is.

def names_of(*names):
    return [x509.DNSName(n) for n in names]


def srv_name(service):
    text = f"{service}.{REMOTE}".encode()
    return [x509.OtherName(x509.ObjectIdentifier("1.3.6.1.5.5.7.8.7"), bytes([0x16, len(text)]) + text)]


GOOD = {
    "dNSName": names_of(REMOTE),
    "SRVName": srv_name("_xmpp-server"),
    "xmppAddr": [x509.OtherName(XMPP_ADDR, utf8_string(REMOTE))],
}
BAD = {
    "another": names_of("good.example"),
    "common name": [],
    "wildcard of nothing": names_of("*"),
    "wildcard of a top-level domain": names_of("*.example"),
    "wildcard within": names_of("e*.example"),
    "wildcard too deep": names_of("*.evil.example"),
    "client service": srv_name("_xmpp-client"),
}


@pytest.mark.parametrize("names", GOOD.values(), ids=GOOD)
def test_s14_a_certificate_that_names_the_domain(one, connect, names):
    stream = connect(one, REMOTE, certificate=one.certificate_of(REMOTE, names)).begin()
    assert stream.mechanisms() == ["EXTERNAL"]
    assert stream.external() == "success"


@pytest.mark.parametrize("names", BAD.values(), ids=BAD)
def test_s14_a_certificate_that_does_not(one, connect, names):
    stream = connect(one, REMOTE, certificate=one.certificate_of(REMOTE, names)).begin()
    assert stream.mechanisms() == []
    assert stream.external() == "invalid-mechanism"


def test_s14_one_for_servers_alone_is_enough(one, connect):
    certificate = one.certificate_of(REMOTE, purposes=[ExtendedKeyUsageOID.SERVER_AUTH])
    assert connect(one, REMOTE, certificate=certificate).begin().mechanisms() == ["EXTERNAL"]


def test_s14_expired_or_from_nobody(one, connect, net):  # noqa: F811
    import certificates
    from pathlib import Path
    folder = Path(net.dir.name) / "self"
    folder.mkdir()
    for certificate in (one.certificate_of(REMOTE, days=-1), certificates.write(folder, REMOTE)):
        assert connect(one, REMOTE, certificate=certificate).begin().mechanisms() == []
    assert connect(one, REMOTE).begin().mechanisms() == []


def test_s14_the_name_that_is_claimed_must_be_the_stream_s(one, connect):
    import base64
    certificate = one.certificate_of(REMOTE, names_of(REMOTE, "good.example"))
    stream = connect(one, REMOTE, certificate=certificate).begin()
    assert stream.external(base64.b64encode(b"good.example").decode()) == "invalid-authzid"
    assert stream.external(base64.b64encode(REMOTE.encode()).decode()) == "success"


# S15, S16: keys.

def key(secret, receiving, originating, id):
    password = hashlib.sha256(secret).hexdigest().encode()
    text = f"{receiving} {originating} {id}".encode()
    return hmac.new(password, text, "sha256").hexdigest()


def test_s15_the_vector_of_xep_0185():
    assert key(b"s3cr3tf0rd14lb4ck", "xmpp.example.com", "example.org", "D60000229F") == \
        "37c69b1cf07a3f67c04a5ef5902fa5114f2c76fe4a2686482ba5b89323075643"


def called(one, certificate=None, features=""):
    """Our server's next stream to evil.example, under TLS."""
    stream = one.evil.accept()
    stream.secured(certificate or one.certificate_of(REMOTE), features)
    return stream


DIALBACK_FEATURE = "<dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>"


def asked_key(one, alice):
    """The key that our server gives evil.example, and the stream."""
    alice.message(f"x@{REMOTE}", "hello")
    stream = called(one, features=DIALBACK_FEATURE)
    element = stream.next()
    assert (element.get("from"), element.get("to")) == (LOCAL, REMOTE)
    return element.text, stream


def verify(stream, key, id="i1", sender=REMOTE, to=LOCAL):
    stream.send(f"<db:verify from='{sender}' to='{to}' id='{id}'>{key}</db:verify>")
    return stream.answer("verify")


@pytest.mark.section("XEP-0220 2.1", "XEP-0185")
def test_s15_a_key_is_good_for_its_stream_and_domains_alone(one, connect, alice):
    key, _ = asked_key(one, alice)
    stream = connect(one, REMOTE).begin()
    assert verify(stream, key) == ("valid", None)
    assert verify(stream, key, id="i2") == ("invalid", None)
    assert verify(stream, key, sender="vil.example") == ("invalid", None)
    assert verify(stream, key[:-1] + ("0" if key[-1] != "0" else "1")) == ("invalid", None)
    assert verify(stream, key, to="nobody.example") == ("error", "item-not-found")


# S17: answers that nobody asked for, and stanzas of others.

@pytest.mark.parametrize("name", ["result", "verify"])
@pytest.mark.section("XEP-0220 2.4")
def test_s17_an_answer_to_no_question_ends_the_stream(one, connect, alice, name):
    stream = connect(one, REMOTE).begin()
    stream.send(f"<db:{name} from='good.example' to='{LOCAL}' id='x' type='valid'/>")
    assert stream.error() == "not-authorized"


def test_s17_nobody_is_believed_before_a_proof(one, connect, alice):
    stream = connect(one, REMOTE).begin()
    stream.message(alice.jid)
    assert stream.error() == "not-authorized"


@pytest.mark.parametrize("sender, to, expected", [
    ("x@good.example", f"alice@{LOCAL}", "invalid-from"),
    (f"bob@{LOCAL}", f"alice@{LOCAL}", "invalid-from"),
    (f"alice@{LOCAL}", f"alice@{LOCAL}", "invalid-from"),
    (f"x@{REMOTE}", "alice@two.example", "host-unknown"),
    (f"x@{REMOTE}", REMOTE, "host-unknown"),
    ("", f"alice@{LOCAL}", "improper-addressing"),
    (f"x@{REMOTE}", "@", "improper-addressing")])
@pytest.mark.section("RFC 6120 4.9.3.6", "RFC 6120 4.9.3.9", "RFC 6120 8.1.2.2")
def test_s17_a_stream_sends_for_what_it_has_proved_alone(one, proved, alice, sender, to, expected):
    proved.send(f"<message from='{sender}' to='{to}'><body>x</body></message>")
    assert proved.error() == expected
    assert alice.ping() == []


def test_s17_no_domain_of_ours_is_remote(one, connect):
    stream = connect(one, LOCAL)
    stream.send(stream.header())
    assert stream.error() == "invalid-from"
    stream = connect(one, REMOTE).begin()
    stream.result(sender=LOCAL)
    assert stream.answer() == ("error", "not-allowed")


# S18: a certificate for one domain proves no other.

def test_s18_dialback_for_another_domain_is_asked_about(one, connect, alice):
    stream = connect(one, REMOTE, certificate=one.certificate_of(REMOTE)).begin()
    stream.result(sender="good.example")  # whose server is nowhere
    kind, _ = stream.answer()
    assert kind == "error"
    stream.result()
    assert stream.answer() == ("valid", None)
    stream.message(alice.jid, sender="x@good.example")
    assert stream.error() == "invalid-from"


# S18: TLS that begins anew without end, in streams from others and to them.

def update_keys(wire):
    """TLS 1.3, the peer is to do the same; pyOpenSSL has no word for it."""
    libssl, update_requested = ctypes.CDLL("libssl.so.3"), 1
    session = ctypes.c_void_p(int(SSL._ffi.cast("uintptr_t", wire.tls._ssl)))
    assert libssl.SSL_key_update(session, update_requested) == 1
    assert libssl.SSL_do_handshake(session) == 1
    wire._flush()


def renegotiate(wire):
    """TLS 1.2: a ClientHello, or a request for one."""
    wire.tls.renegotiate()
    with contextlib.suppress(SSL.WantReadError):
        wire.tls.do_handshake()
    wire._flush()


FLOODS = {"key updates": (update_keys, 100, SSL.TLS1_3_VERSION, "too many key updates"),
          "renegotiation": (renegotiate, 1, SSL.TLS1_2_VERSION, "renegotiation refused")}


def flooded(one, stream, again, times, why):
    """The stream ends, and the log says why."""
    mark = one.log.mark()
    with contextlib.suppress(OSError):  # it may end before all is said
        for _ in range(times):
            again(stream.wire)
    stream.wire.end(TIMEOUT)
    one.log.wait(f"peer-lost .*{why}", since=mark)


@pytest.mark.parametrize("authenticated", [False, True])
@pytest.mark.parametrize("flood", FLOODS)
def test_s18_a_flood_ends_a_stream_from_a_remote_server(one, connect, alice, flood, authenticated):
    again, times, version, why = FLOODS[flood]
    stream = connect(one, REMOTE).open()
    stream.starttls(certificate=one.certificate_of(REMOTE), version=version)
    if authenticated:
        assert stream.external() == "success"
        stream.open()
    flooded(one, stream, again, times, why)
    alice.ping()


@pytest.mark.parametrize("flood", FLOODS)
def test_s18_a_flood_ends_a_stream_to_a_remote_server(one, alice, flood):
    again, times, version, why = FLOODS[flood]
    alice.message(f"x@{REMOTE}", "hello")
    stream = one.evil.accept()
    stream.secured(one.certificate_of(REMOTE), DIALBACK_FEATURE, tls=version)
    stream.next()  # the key of its dialback
    flooded(one, stream, again, times, why)
    alice.ping()


def test_s18_a_few_key_updates_are_served(one, proved, alice):
    for n in range(3):
        update_keys(proved.wire)
        proved.message(alice.jid, f"after {n}")
        assert body(alice.next_message()) == f"after {n}"


def test_the_domain_s_own_server_is_asked(one, connect, alice):
    stream = connect(one, REMOTE).begin()
    stream.result(key="opensesame")
    asked = called(one)
    element = asked.next()
    assert (element.get("from"), element.get("to"), element.get("id"), element.text) == \
        (LOCAL, REMOTE, stream.id, "opensesame")
    asked.send(f"<db:verify from='{REMOTE}' to='{LOCAL}' id='{stream.id}' type='valid'/>")
    assert stream.answer() == ("valid", None)
    stream.message(alice.jid)
    assert body(alice.next_message()) == "hello"


@pytest.mark.parametrize("answer", ["type='invalid'", "type='valid' other='1'"])
def test_a_key_that_its_server_does_not_know(one, connect, answer):
    stream = connect(one, REMOTE).begin()
    stream.result()
    asked = called(one)
    asked.next()
    wrong = stream.id if "invalid" in answer else "another"
    asked.send(f"<db:verify from='{REMOTE}' to='{LOCAL}' id='{wrong}' {answer}/>")
    if "invalid" in answer:
        assert stream.answer() == ("invalid", None)
        assert stream.error() == "not-authorized"
    else:  # an answer about something else: that stream is no good, and there is no other server
        assert stream.answer()[0] == "error"


def test_nobody_proves_anything_in_the_clear(one, connect):
    stream = connect(one, REMOTE).open()
    assert stream.features.find(f"{TLS}starttls/{TLS}required") is not None
    stream.result()
    assert stream.answer() == ("error", "policy-violation")


def test_but_where_the_domain_says_so(lax, connect):
    stream = connect(lax, REMOTE).open()
    stream.result()
    asked = lax.evil.accept()
    asked.greeted(DIALBACK_FEATURE)
    assert asked.next().get("id") == stream.id


# S20: what only a server may say of its own users.

@pytest.mark.section("XEP-0280")
def test_s20_a_carbon_of_somebody_else_is_no_carbon(one, proved, alice):
    inner = (f"<received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message "
             f"xmlns='jabber:client' from='bob@{LOCAL}' to='alice@{LOCAL}'><body>lie</body></message>"
             f"</forwarded></received>")
    proved.send(f"<message from='x@{REMOTE}' to='{alice.jid}' type='chat'>{inner}</message>")
    got = alice.next_message()
    assert got.get("from") == f"x@{REMOTE}"  # who looks at it sees who lies


def test_s20_a_roster_push_reaches_nobody(one, proved, alice):
    proved.send(f"<iq from='x@{REMOTE}' to='{alice.jid}' type='set' id='p'>"
                "<query xmlns='jabber:iq:roster'><item jid='spy@evil.example'/></query></iq>")
    assert alice.ping() == []
    stream = one.evil.accept()  # the answer goes to evil.example's own server
    stream.secured(one.certificate_of(REMOTE), DIALBACK_FEATURE)
    stream.next()


# S22: an administrator is one of a domain.

def test_s22_no_service_of_an_account_is_for_others(one, proved, alice):
    for child in ("<query xmlns='jabber:iq:roster'/>", "<query xmlns='jabber:iq:private'><x xmlns='y'/></query>",
                  "<blocklist xmlns='urn:xmpp:blocking'/>"):
        proved.send(f"<iq from='alice@{REMOTE}' to='alice@{LOCAL}' type='get' id='q'>{child}</iq>")
    proved.message(alice.jid, "after that")
    assert body(alice.next_message()) == "after that"


@pytest.mark.section("XEP-0133")
@pytest.mark.parametrize("sender", ["admin@evil.example/r", "admin@evil.example", "alice@evil.example/alice"])
def test_s22_a_remote_administrator_is_none_not_even_one_who_is_named(one, proved, sender):
    one.edit(**{f'domain "{LOCAL}".admins': [f"alice@{LOCAL}", f"admin@{REMOTE}"]})
    mark = one.log.mark()
    one.reload()
    one.log.wait("routerd reloaded", since=mark)
    proved.send(f"<iq from='{sender}' to='{LOCAL}' type='set' id='q'><command "
                "xmlns='http://jabber.org/protocol/commands' "
                "node='http://jabber.org/protocol/admin#get-online-users-num'/></iq>")
    stream = one.evil.accept()  # the answer goes to evil.example's own server
    stream.secured(one.certificate_of(REMOTE), DIALBACK_FEATURE)
    stream.next()
    stream.send(f"<db:result from='{REMOTE}' to='{LOCAL}' type='valid'/>")
    reply = stream.next()
    assert reply.get("type") == "error" and reply.get("to") == sender
    assert "forbidden" in {e.tag.split("}")[1] for e in reply.iter()}
    assert not one.log.find("admin-command")


# The opening of a stream.

@pytest.mark.parametrize("how, expected", [
    ({"to": "two.example"}, "host-unknown"), ({"to": ""}, "improper-addressing"),
    ({"ns": "jabber:client"}, "invalid-namespace"), ({"sender": "@@"}, "improper-addressing")])
def test_a_header_must_be_right(one, connect, how, expected):
    stream = connect(one, REMOTE)
    stream.send(stream.header(**{**({"to": how["to"]} if "to" in how else {}),
                                 **{k: v for k, v in how.items() if k != "to"}}))
    assert stream.error() == expected


def test_who_says_nothing_is_closed(net, make_suite, connect):  # noqa: F811
    suite = net.instance(make_suite, LOCAL, "alice", {"s2sd.auth_timeout": 1})
    net.dns.start()
    suite.start()
    stream = connect(suite, REMOTE).open()
    assert stream.error() == "connection-timeout"


def test_a_stream_that_is_idle_is_closed(net, make_suite, connect):  # noqa: F811
    suite = net.instance(make_suite, LOCAL, "alice", {"s2sd.idle_timeout": 5})
    net.dns.start()
    suite.start()
    stream = connect(suite, REMOTE, certificate=net.authority.server(REMOTE)).authenticate()
    stream.closed()


def test_too_many_connections_from_one_address(net, make_suite, connect):  # noqa: F811
    suite = net.instance(make_suite, LOCAL, "alice", {"s2sd.connections_per_address": 3})
    net.dns.start()
    suite.start()
    kept = [connect(suite, REMOTE).open() for _ in range(3)]
    stream = connect(suite, REMOTE)
    assert stream.error() == "resource-constraint"
    kept[0].close()
    eventually(lambda: works(connect(suite, REMOTE)), "room for another")


def works(stream):
    try:
        stream.open()
        return True
    except Exception:
        return False


def test_one_that_is_closed_says_why(one, alice):
    """The remote refuses us: the sender hears its reason."""
    alice.message(f"x@{REMOTE}", "hello")
    stream = called(one, features=DIALBACK_FEATURE)
    stream.next()
    stream.send(f"<db:result from='{REMOTE}' to='{LOCAL}' type='invalid'/>")
    reply = alice.next_message()
    assert condition(reply)[1] == "remote-server-not-found"
    assert "dialback key" in "".join(reply.itertext())
    one.log.wait("way-ended .*remote=evil.example .*dialback key")
