"""The rows of the table of attacks that part 1 of the project answers, by their numbers."""
import random
import re
import socket
import time
from pathlib import Path

import pytest
from OpenSSL import SSL

import scram
from suite import AS_ROOT, PATIENCE, SANITIZED, eventually
from xmpp import CLIENT, SASL, TLS, Closed, Incoming, Raw, StreamError, body

ALICE, PASSWORD = "alice", "wonderland-1"


class Meter:
    """Memory, processor time and connections of a process."""

    def __init__(self, pid, port):
        self.proc, self.port = Path(f"/proc/{pid}"), port

    def rss(self):
        return int(self.proc.joinpath("statm").read_text().split()[1]) * 4096

    def cpu(self):
        fields = self.proc.joinpath("stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def descriptors(self):
        """Of all kinds; only root may look, others count the connections to its port."""
        if AS_ROOT:
            return len(list(self.proc.joinpath("fd").iterdir()))
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        return len([r for r in rows if r[1].endswith(f":{self.port:04X}") and r[9] != "0"])


def c2sd(suite):
    return Meter(suite.pids("c2sd").popitem()[1], suite.port)


def end_of(stream):
    """The stream's error, or None where the connection was cut before it could be read."""
    try:
        return stream.error()
    except (Closed, SSL.Error):
        return None


def flood(stream, pieces):
    """Sends until the server has had enough."""
    try:
        for piece in pieces:
            stream.send(piece)
    except (OSError, SSL.Error):
        pass


def head(stream):
    """An opening tag whose features are read by whoever wants them."""
    stream.incoming = Incoming()
    return stream.header()


# S1, S2: entities.

LAUGHS = "<!DOCTYPE lolz [<!ENTITY a 'ha'>" + "".join(
    f"<!ENTITY {chr(98 + n)} '{('&' + chr(97 + n) + ';') * 10}'>" for n in range(10)) + "]>"
XXE = "<!DOCTYPE x [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
WHERE = {
    "before the stream": lambda attack, head: "<?xml version='1.0'?>" + attack + head,
    "between stanzas": lambda attack, _: attack + "<message><body>&k;</body></message>",
    "in a stanza": lambda attack, _: "<message><body>" + attack + "&k;</body></message>",
}


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("attack", [LAUGHS, XXE], ids=["billion laughs", "external entity"])
def test_s1_s2_entities_are_refused_at_their_first_byte(quiet, raw, attack, where):
    stream = raw(quiet) if where == "before the stream" else raw(quiet, ALICE)
    raw(quiet).open()  # the pools are warm
    meter = c2sd(quiet)
    memory, spent = meter.rss(), meter.cpu()
    opening = "" if where != "before the stream" else head(stream).partition("?>")[2]
    stream.send(WHERE[where](attack, opening) + "<a/>" * 1000)
    assert stream.error() == "restricted-xml"
    assert meter.cpu() - spent <= (0.5 if SANITIZED else 0.05)
    if not SANITIZED:
        assert meter.rss() - memory < 1 << 20
    assert "root:" not in quiet.log.text()


# S3: comments and the like; CDATA is text and passes.

@pytest.mark.section("RFC 6120 11.1")
@pytest.mark.parametrize("text", ["<!-- -->", "<?pi?>", "<?xml version='1.0'?>",
                                  "<message><body>a<!-- -->b</body></message>",
                                  "<message><body>a<?pi?>b</body></message>"])
def test_s3_restricted_xml_is_refused(shared, raw, text):
    stream = raw(shared, ALICE)
    stream.send(text)
    assert stream.error() in ("restricted-xml", "not-well-formed")


def test_s3_cdata_comes_out_as_text(shared, raw):
    alice, bob = raw(shared, ALICE), raw(shared, "bob")
    alice.send(f"<message to='{bob.jid}'><body><![CDATA[</body></message>]]></body></message>")
    assert body(bob.next_message()) == "</body></message>"


# S4: what one parser takes for the end of a stanza and another does not.

TRUNCATED = [b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\xc0\xbc", b"\xe0\x80\xbc",
             b"\xed\xa0\x80", b"\xed\xa0\x80\xed\xb0\x80", b"\xf4\x90\x80\x80", b"\xff", b"\x80",
             b"\xef\xbf\xbe", b"\xef\xbf\xbf", b"\x00", b"\x01", b"\x0b", b"\x0c", b"\x1f"]
REFERENCES = [b"&#0;", b"&#xD800;", b"&#xFFFE;", b"&#x110000;", b"&#11;", b"&#xFFFFFFFFF;", b"&#;",
              b"&lt", b"& ", b"&unknown;", b"]]>"]
FORMS = {
    "text": b"<message to='%s'><body>a%sb</body></message>",
    "an attribute": b"<message to='%s'><x xmlns='urn:x' a='a%sb'/></message>",
    "a name": b"<message to='%s'><x%s> xmlns='urn:x'/></message>",
    "a namespace": b"<message to='%s'><p:x xmlns:p='a%sb'/></message>",
    "an id": b"<message to='%s' id='a%sb'/>",
    "an end tag": b"<message to='%s'><body>x</body%s></message>",
}
FINE = {("an attribute", b"]]>"), ("a namespace", b"]]>"), ("an id", b"]]>")}


@pytest.mark.section("RFC 6120 11.3", "RFC 6120 11.6")
@pytest.mark.parametrize("form", FORMS)
def test_s4_bytes_that_are_no_xml_end_the_stream_and_nothing_is_forwarded(shared, raw, form):
    bob = raw(shared, "bob")
    for junk in TRUNCATED + REFERENCES:
        if (form, junk) in FINE:
            continue
        alice = raw(shared, ALICE)
        # What follows lets a parser go on that waits for the end of a reference or tag.
        alice.send(FORMS[form] % (bob.jid.encode(), junk) + b"<x a='b'>;</x>")
        assert alice.error() in ("not-well-formed", "invalid-xml", "bad-format",
                                 "restricted-xml"), junk
        assert not [e for e in bob.ping() if e.tag == CLIENT + "message"], junk
        alice.close()


@pytest.mark.parametrize("form", ["<x xmlns='urn:x'><{}/></x>", "<x xmlns='urn:x' {}='1'/>"])
@pytest.mark.parametrize("name", ["\U000171e9", "a\u2070", "\u0221"])
def test_s4_a_name_that_only_some_parsers_know_reaches_nobody(shared, raw, form, name):
    """XML 1.0 has more names since its fifth edition; whoever reads with expat does not know them."""
    bob, alice = raw(shared, "bob"), raw(shared, ALICE)
    alice.send(f"<message to='{bob.jid}'>{form.format(name)}</message>")
    assert alice.error() == "not-well-formed"
    assert not [e for e in bob.ping() if e.tag == CLIENT + "message"]


SEED = (b"<message to='%s' type='chat' id='i'><body xml:lang='en'>one &lt;two&gt; \xc3\xa9</body>"
        b"<x:a xmlns:x='urn:x' b='c' x:d=\"e\"><![CDATA[f]]><g xmlns='urn:g'/></x:a></message>")
SPICE = [b"<", b">", b"/>", b"</message>", b"<message>", b"'", b'"', b"&", b"&#0;", b"]]>", b"\x00",
         b"\xc0\xbc", b"\xe2", b"<![CDATA[", b"xmlns=''", b"xmlns:x=''", b":", b"=", b" ",
         b"<message from='admin@localhost'>", b"</stream:stream>", b"\xef\xbf\xbe", b"\r\n", b"\t"]


def mutated(rng, text):
    text = bytearray(text)
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(text))
        what = rng.random()
        if what < 0.3:
            text[at] = rng.randrange(256)
        elif what < 0.5:
            del text[at:at + rng.randint(1, 8)]
        else:
            text[at:at] = rng.choice(SPICE)
    return bytes(text)


@pytest.mark.parametrize("seed", range(4))
def test_s4_whatever_is_sent_the_receiver_gets_whole_stanzas_from_the_sender(quiet, raw, seed):
    """Bob's side is read by expat, another parser than the server's."""
    rng = random.Random(seed)
    bob = raw(quiet, "bob")
    alice = raw(quiet, ALICE, "fuzz")
    for _ in range(60 if SANITIZED else 150):
        try:
            alice.send(mutated(rng, SEED % bob.jid.encode()))
            # Closes what is open, references, attributes and CDATA too; a stream that is still whole answers.
            alice.send("<iq type='get' id='end' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"
                       ";'\"/>]]></a></b>")
            alice.closed()
        except (OSError, SSL.Error):
            pass
        alice.close()
        for element in bob.ping():
            assert element.tag == CLIENT + "message", element.tag
            assert element.get("from") == "alice@localhost/fuzz"
        alice = raw(quiet, ALICE, "fuzz")


# S5: size.

MB = 1 << 20
HUGE = {
    "a million levels": lambda: ["<a>" * 10000] * 100,
    "a hundred thousand attributes": lambda: ["<message"] + [
        "".join(f" a{n}='x'" for n in range(k, k + 1000)) for k in range(0, 100000, 1000)],
    "an attribute of 10 MB": lambda: ["<message id='"] + ["x" * 65536] * 160,
    "a text of 10 MB": lambda: ["<message><body>"] + ["x" * 65536] * 160,
    "a name of 10 MB": lambda: ["<"] + ["x" * 65536] * 160,
    "a tag that never ends": lambda: ["<message "] + [" " * 65536] * 160,
    "a stanza of 10 MB in small elements": lambda: ["<message>"] + ["<a/>" * 16384] * 160,
    "many names": lambda: ["<message>"] + [
        "".join(f"<n{n}/>" for n in range(k, k + 5000)) for k in range(0, 1000000, 5000)],
    "a namespace of 10 MB": lambda: ["<message xmlns:a='"] + ["x" * 65536] * 160,
}


def outlive(suite, meter, stream, pieces, allowed):
    before, mark = meter.rss(), suite.log.mark()
    flood(stream, pieces)
    assert end_of(stream) in ("policy-violation", "resource-constraint", None)
    suite.log.wait("policy-violation|resource-constraint", since=mark)
    if not SANITIZED:
        assert meter.rss() - before < allowed


@pytest.mark.parametrize("kind", HUGE)
@pytest.mark.parametrize("state", ["clear", "secure"])
def test_s5_before_authentication_little_is_taken(quiet, raw, kind, state):
    stream = raw(quiet).open()
    if state == "secure":
        stream.starttls()
    outlive(quiet, c2sd(quiet), stream, HUGE[kind](), 2 * MB)
    raw(quiet, ALICE).ping()


def test_s5_a_header_of_1_mb_is_refused(quiet, raw):
    stream = raw(quiet)
    outlive(quiet, c2sd(quiet), stream, [head(stream)[:-1] + " x='"] + ["x" * 65536] * 16, 2 * MB)


@pytest.mark.section("RFC 6120 13.12")
@pytest.mark.parametrize("kind", HUGE)
def test_s5_after_authentication_there_are_limits_too(quiet, raw, kind):
    stream = raw(quiet, ALICE)
    bob = raw(quiet, "bob")
    outlive(quiet, c2sd(quiet), stream, HUGE[kind](), 12 * MB)
    assert not [e for e in bob.ping() if e.tag == CLIENT + "message"]


def test_s5_one_token_in_many_small_pieces_costs_linear_time(quiet, raw):
    alice, bob = raw(quiet, ALICE), raw(quiet, "bob")
    meter = c2sd(quiet)

    def cost(size):
        began = meter.cpu()
        alice.send(f"<message to='{bob.jid}'><body>")
        for _ in range(size // 50):
            alice.send(b"x" * 50)
        alice.send("</body></message>")
        assert len(body(bob.next_message())) == size
        return meter.cpu() - began
    cost(5000)
    small, large = cost(25000), cost(100000)
    assert large < 4 * small * 2 + 0.2


# S6: what unauthenticated connections leave behind.

def half_handshake(address):
    stream = Raw(address).open()
    stream.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    stream.expect(TLS + "proceed")
    stream.send(b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03")
    return stream


ABANDONED = {
    "silence": Raw,
    "a header": lambda address: Raw(address).open(),
    "half a header": lambda address: Raw(address, before=b"<?xml version='1.0'?><stream:str"),
    "half a handshake": half_handshake,
    "an exchange": lambda address: begun(Raw(address)),
}


def begun(stream):
    stream.open().starttls()
    stream.auth("SCRAM-SHA-1", scram.Scram("SCRAM-SHA-1", ALICE, "x").first())
    stream.expect(SASL + "challenge")
    return stream


@pytest.mark.parametrize("kind", ABANDONED)
def test_s6_abandoned_connections_leave_nothing(make_suite, kind):
    suite = make_suite(settings={"c2sd.connections_per_address": 0})
    meter = c2sd(suite)

    def some(n):
        for _ in range(n):
            ABANDONED[kind](suite.address).close()
    some(100)
    open_before = meter.descriptors()
    eventually(lambda: meter.descriptors() <= open_before, "the descriptors of the first hundred")
    grown = []
    for _ in range(1 if SANITIZED else 4):
        before = meter.rss()
        some(150)
        eventually(lambda: meter.descriptors() <= open_before, "the descriptors of the rest")
        grown.append(meter.rss() - before)
    # A leak grows with every hundred; a heap that finds its size does not.
    assert SANITIZED or min(grown) < 150 * 200


def test_s6_an_address_may_have_only_so_many_connections(make_suite, raw):
    suite = make_suite(settings={"c2sd.connections_per_address": 5})
    streams = [raw(suite).open() for _ in range(5)]
    sixth = raw(suite)
    flood(sixth, [head(sixth)])
    assert end_of(sixth) in ("policy-violation", "resource-constraint", None)
    suite.log.wait("from=127.0.0.1")
    streams[0].close()

    def admitted():
        try:
            raw(suite).open()
            return True
        except (StreamError, Closed, OSError):
            return False
    eventually(admitted, "a place for the next connection")


# S7: compression.

def test_s7_compression_is_never_offered_nor_set_up(shared, raw):
    stream = raw(shared)
    for step in (stream.open, stream.starttls):
        step()
        assert not [f for f in stream.features.iter() if "compress" in f.tag]
    assert stream.scram("SCRAM-SHA-1", ALICE, PASSWORD) == "success"
    stream.open()
    assert not [f for f in stream.features.iter() if "compress" in f.tag]
    stream.bind()
    stream.send("<compress xmlns='http://jabber.org/protocol/compress'><method>zlib</method>"
                "</compress>")
    failure = stream.next()
    assert failure.tag == "{http://jabber.org/protocol/compress}failure"
    assert failure[0].tag == "{http://jabber.org/protocol/compress}setup-failed"
    stream.ping()


# S8: no way round TLS.

@pytest.mark.parametrize("element", [
    f"<auth xmlns='{SASL[1:-1]}' mechanism='PLAIN'>{scram.plain(ALICE, PASSWORD)}</auth>",
    "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
    "<iq type='set' id='r'><query xmlns='jabber:iq:register'><username>eve</username>"
    "<password>eve</password></query></iq>",
    "<compress xmlns='http://jabber.org/protocol/compress'><method>zlib</method></compress>",
    "<message to='bob@localhost'><body>x</body></message>"])
def test_s8_nothing_happens_without_tls(quiet, raw, element):
    bob = raw(quiet, "bob")
    stream = raw(quiet).open()
    flood(stream, [element, "<iq type='set' id='b2'>"
                   "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"])
    seen = []
    try:
        while True:
            seen.append(stream.next())
    except StreamError as error:
        assert error.condition in ("policy-violation", "not-authorized")
    assert all(e.tag.endswith("}failure") for e in seen)
    assert [r["jid"] for r in quiet.rows("session", "list")] == [bob.jid]
    assert len(quiet.rows("user", "list")) == 2
    assert not [e for e in bob.ping() if e.tag == CLIENT + "message"]


# S9: what is sent behind <starttls/> in the clear must not count under TLS.

STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
INJECTED = {
    "an auth": f"<auth xmlns='{SASL[1:-1]}' mechanism='PLAIN'>"
               f"{scram.plain(ALICE, PASSWORD)}</auth>",
    "a stream and an auth": "<stream:stream xmlns='jabber:client'"
                            " xmlns:stream='http://etherx.jabber.org/streams' to='localhost'"
                            f" version='1.0'><auth xmlns='{SASL[1:-1]}' mechanism='PLAIN'>"
                            f"{scram.plain(ALICE, PASSWORD)}</auth>",
    "a message": "<message to='alice@localhost'/>",
    "whitespace": "\n  \n",
}


@pytest.mark.section("RFC 6120 5.4.3.3")
@pytest.mark.parametrize("kind", INJECTED)
def test_s9_what_is_injected_behind_starttls_is_not_executed(quiet, raw, kind):
    stream = raw(quiet).open()
    stream.send(STARTTLS + INJECTED[kind])
    try:
        stream.expect(TLS + "proceed")
        stream.wire.start_tls()
        stream.open()
        assert "PLAIN" in stream.mechanisms()
        # The next answer is the one to this, and not to what was injected.
        assert stream.scram("SCRAM-SHA-1", ALICE, "wrong") == "not-authorized"
    except (Closed, SSL.Error, StreamError):
        pass  # closing the connection is right too
    assert not quiet.rows("session", "list")


# S10: somebody in the middle who takes away the channel binding.

def test_s10_a_client_that_could_bind_and_was_offered_nothing_is_warned(shared, raw):
    """Flag y while we do offer -PLUS: somebody changed the list."""
    for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-1"):
        stream = raw(shared).open().starttls()
        assert stream.scram(mechanism, ALICE, PASSWORD, gs2="y,,") == "not-authorized"


@pytest.mark.parametrize("gs2", ["p=tls-unique,,", "p=tls-server-end-point,,", "p=nonsense,,",
                                 "n,,", "y,,"])
def test_s10_plus_binds_to_the_exporter_or_not_at_all(shared, raw, gs2):
    stream = raw(shared).open().starttls()
    assert stream.scram("SCRAM-SHA-256-PLUS", ALICE, PASSWORD, gs2=gs2) in (
        "not-authorized", "malformed-request")


# S11: the one who logs in is the one who acts.

@pytest.mark.parametrize("authzid, allowed", [
    ("", {"success"}), ("alice@localhost", {"success"}),
    ("ALICE@LOCALHOST", {"success", "invalid-authzid"}),
    ("bob@localhost", {"invalid-authzid"}), ("bob", {"invalid-authzid"}),
    ("alice@localhost/x", {"invalid-authzid"}), ("alice@elsewhere.example", {"invalid-authzid"}),
    ("localhost", {"invalid-authzid"}), ("alice@localhost ", {"invalid-authzid", "success"}),
    ("@", {"invalid-authzid", "malformed-request"}),
])
@pytest.mark.section("RFC 6120 6.3.8", "RFC 6120 6.5.6")
@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-1"])
def test_s11_nobody_becomes_somebody_else(shared, raw, mechanism, authzid, allowed):
    stream = raw(shared).open().starttls()
    if mechanism == "PLAIN":
        stream.auth("PLAIN", scram.plain(ALICE, PASSWORD, authzid))
        verdict = stream.verdict()
    else:
        verdict = stream.scram(mechanism, ALICE, PASSWORD, authzid=authzid)
    assert verdict in allowed | ({"not-authorized", "malformed-request"}
                                 if "success" not in allowed else set())
    if verdict == "success":
        assert stream.open().bind("r").jid == "alice@localhost/r"


@pytest.mark.parametrize("data", [
    "bob@localhost\0alice\0wonderland-1\0", "\0alice\0wonderland-1\0bob", "\0alice\0",
    "\0\0wonderland-1", "\0bob\0alice\0wonderland-1", "alice\0wonderland-1", "\0alice\0\0",
    "\0alice\0" + PASSWORD + "\0\0\0", "bob@localhost\0\0"])
def test_s11_a_plain_with_odd_nuls_is_refused(shared, raw, data):
    stream = raw(shared).open().starttls()
    stream.auth("PLAIN", scram.b64(data))
    assert stream.verdict() in ("malformed-request", "not-authorized", "invalid-authzid",
                                "incorrect-encoding")


# S13: what is offered is what is accepted.

NOT_OFFERED = ["ANONYMOUS", "plain", "scram-sha-1", "Plain", "DIGEST-MD5", "CRAM-MD5", "LOGIN",
               "GSSAPI", "GS2-KRB5", "SECURID", "NTLM", "OPENID20", "SAML20", "EXTERNAL",
               "OAUTHBEARER", "X-OAUTH2", "SCRAM-SHA-512", "SCRAM-SHA-1-PLUS-PLUS", "", " ",
               "PLAIN ", " PLAIN", "PLAIN SCRAM-SHA-1", "A" * 20, "A" * 33, "A" * 2000]


@pytest.mark.section("RFC 6120 6.5.7")
@pytest.mark.parametrize("mechanism", NOT_OFFERED)
def test_s13_a_mechanism_that_is_not_offered_is_not_accepted(shared, raw, mechanism):
    stream = raw(shared).open().starttls()
    assert mechanism not in stream.mechanisms()
    stream.auth(mechanism, scram.plain(ALICE, PASSWORD))
    # RFC 6120 6.3.3 bounds the names at 20 characters: longer ones are malformed at best.
    assert stream.verdict() in ({"invalid-mechanism", "malformed-request"} if len(mechanism) > 20
                                else {"invalid-mechanism"})


# Everybody else notices nothing.

def test_one_who_misbehaves_costs_others_nothing(quiet, raw):
    alice, bob = raw(quiet, ALICE), raw(quiet, "bob")
    for n in range(30):
        bad = raw(quiet, ALICE, f"bad{n}", priority=None)
        bad.send(b"<message><\xff></message>")
        bad.closed()
        alice.message(bob.jid, str(n))
        assert body(bob.next_message()) == str(n)


def test_an_http_client_is_named_in_the_log(suite):
    with socket.create_connection(suite.address) as s:
        s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        s.settimeout(PATIENCE)
        while s.recv(4096):
            pass
        port = s.getsockname()[1]
    suite.log.wait(rf"from=127\.0\.0\.1 port={port} .*reason=")


def test_nothing_secret_stands_in_the_log(suite, raw):
    stream = raw(suite).open().starttls()
    stream.auth("PLAIN", scram.plain(ALICE, PASSWORD))
    assert stream.verdict() == "success"
    stream.open().bind().available()
    stream.message("bob@localhost", "a body that nobody else may read")
    stream.ping()
    stream.send("<message><body>another secret body</wrong>")
    stream.closed()
    suite.stop()
    for secret in (PASSWORD, scram.plain(ALICE, PASSWORD), "nobody else may read",
                   "another secret body"):
        assert not re.search(re.escape(secret), suite.log.text())
