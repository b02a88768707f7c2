"""The stream's states as a table: every element in every state; and every stream error."""
import pytest

import scram
from suite import PATIENCE
from xmpp import CLIENT, SASL, TLS, Closed, Raw, StreamError

ALICE, PASSWORD = "alice", "wonderland-1"
SASL_NS = "urn:ietf:params:xml:ns:xmpp-sasl"


# How to bring a stream into each state.

def clear(stream):
    stream.open()


def secure(stream):
    stream.open().starttls()


def challenged(stream):
    secure(stream)
    stream.auth("SCRAM-SHA-1", scram.Scram("SCRAM-SHA-1", ALICE, PASSWORD).first())
    stream.expect(SASL + "challenge")


def authed(stream):
    stream.login(ALICE, PASSWORD)


def bound(stream):
    authed(stream)
    stream.bind()


STATES = {f.__name__: f for f in (clear, secure, challenged, authed, bound)}

ELEMENTS = {
    "starttls": "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
    "auth": f"<auth xmlns='{SASL_NS}' mechanism='PLAIN'>{scram.plain(ALICE, PASSWORD)}</auth>",
    "response": f"<response xmlns='{SASL_NS}'>{scram.b64('x')}</response>",
    "abort": f"<abort xmlns='{SASL_NS}'/>",
    "challenge": f"<challenge xmlns='{SASL_NS}'/>",
    "success": f"<success xmlns='{SASL_NS}'/>",
    "compress": "<compress xmlns='http://jabber.org/protocol/compress'>"
                "<method>zlib</method></compress>",
    "bind": "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
    "session": "<iq type='set' id='s'><session"
               " xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>",
    "register": "<iq type='set' id='r'><query xmlns='jabber:iq:register'><username>eve</username>"
                "<password>eve</password></query></iq>",
    "ping": "<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>",
    "message": "<message to='alice@localhost' type='headline'><body>x</body></message>",
    "presence": "<presence/>",
    "proceed": "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
    "features": "<stream:features/>",
    "unknown": "<x xmlns='urn:unknown'/>",
    "unknown stanza": "<greeting>hi</greeting>",
    "foreign message": "<message xmlns='jabber:server' to='alice@localhost'/>",
}

NOT_YET = {"error not-authorized", "error policy-violation"}
OUT_OF_ORDER = {"error policy-violation"}
UNKNOWN = {"error unsupported-stanza-type"}
NO_TLS = {"TLS failure", "error policy-violation"}
NO_ZIP = {"compress failure"}
REFUSED = {"SASL failure"}
LATE_SASL = OUT_OF_ORDER | UNKNOWN | REFUSED

# What may come: the set of what RFC 6120 allows, for clear, secure, challenged, authed, bound.
TABLE = {
    "starttls": ({"proceed"}, NO_TLS, NO_TLS, NO_TLS, NO_TLS),
    "auth": ({"SASL encryption-required"}, {"success"}, OUT_OF_ORDER | REFUSED, LATE_SASL,
             LATE_SASL),
    "response": (OUT_OF_ORDER | NOT_YET, OUT_OF_ORDER | REFUSED, REFUSED, LATE_SASL, LATE_SASL),
    "abort": (OUT_OF_ORDER | NOT_YET, OUT_OF_ORDER | REFUSED, {"SASL aborted"}, LATE_SASL,
              LATE_SASL),
    "challenge": (NOT_YET, NOT_YET, NOT_YET, UNKNOWN, UNKNOWN),
    "success": (NOT_YET, NOT_YET, NOT_YET, UNKNOWN, UNKNOWN),
    "compress": (NO_ZIP | NOT_YET, NO_ZIP, NO_ZIP, NO_ZIP, NO_ZIP),
    "bind": (NOT_YET, NOT_YET, NOT_YET, {"iq result"}, {"iq error"}),
    "session": (NOT_YET, NOT_YET, NOT_YET, {"iq error"} | NOT_YET, {"iq result"}),
    "register": (NOT_YET, NOT_YET, NOT_YET, {"iq error"} | NOT_YET, {"iq error"}),
    "ping": (NOT_YET, NOT_YET, NOT_YET, {"iq error"} | NOT_YET, {"iq result"}),
    "message": (NOT_YET, NOT_YET, NOT_YET, NOT_YET, {"silence"}),
    "presence": (NOT_YET, NOT_YET, NOT_YET, NOT_YET, {"presence"}),
    "proceed": (NOT_YET, NOT_YET, NOT_YET, UNKNOWN, UNKNOWN),
    "features": (NOT_YET, NOT_YET, NOT_YET, UNKNOWN, UNKNOWN),
    "unknown": (NOT_YET, NOT_YET, NOT_YET, UNKNOWN, UNKNOWN),
    "unknown stanza": (NOT_YET, NOT_YET, NOT_YET, UNKNOWN, UNKNOWN),
    "foreign message": (NOT_YET, NOT_YET, NOT_YET, UNKNOWN | {"error invalid-namespace"},
                        UNKNOWN | {"error invalid-namespace"}),
}


def outcome(stream, state, element):
    """What came back, in the words of the table."""
    if state == "bound" and element == "message":
        stream.iq("get", "<ping xmlns='urn:xmpp:ping'/>", "localhost", id="sync")
        return {"silence"}
    try:
        answer = stream.next()
    except StreamError as error:
        return {f"error {error.condition}"}
    if answer.tag == SASL + "failure":
        return {"SASL failure", f"SASL {answer[0].tag[len(SASL):]}"}
    if answer.tag == CLIENT + "iq":
        return {f"iq {answer.get('type')}"}
    names = {TLS + "failure": "TLS failure", TLS + "proceed": "proceed",
             SASL + "success": "success", SASL + "challenge": "challenge",
             CLIENT + "presence": "presence",
             "{http://jabber.org/protocol/compress}failure": "compress failure"}
    return {names[answer.tag]}


def test_the_table_is_whole():
    assert set(TABLE) == set(ELEMENTS) and all(len(r) == len(STATES) for r in TABLE.values())


@pytest.mark.section("RFC 6120 4.3", "RFC 6120 4.9.3.12")
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("element", ELEMENTS)
def test_every_element_in_every_state(shared, raw, element, state):
    stream = raw(shared)
    STATES[state](stream)
    stream.send(ELEMENTS[element])
    came = outcome(stream, state, element)
    allowed = TABLE[element][list(STATES).index(state)]
    assert came & allowed, f"{came}, and not {allowed}"
    if any(word.startswith("error ") for word in came):
        stream.closed()
    if state in ("clear", "secure", "challenged") and "success" not in came:
        assert not [r for r in shared.rows("session", "list") if r["jid"] == stream.jid]


@pytest.mark.section("RFC 6120 4.6.1")
@pytest.mark.parametrize("state", ["clear", "secure", "authed", "bound"])
def test_whitespace_keeps_a_stream_alive_in_every_state(shared, raw, state):
    stream = raw(shared)
    STATES[state](stream)
    stream.send(" \n\t ")
    stream.send("</stream:stream>")
    with pytest.raises(Closed) as end:
        stream.next()
    assert end.value.footer


# Stream headers.

HEAD = "<?xml version='1.0'?>"
XS = "xmlns:stream='http://etherx.jabber.org/streams'"
GOOD = f"<stream:stream xmlns='jabber:client' {XS} to='localhost' version='1.0'>"
HEADERS = {
    "an unknown host": (GOOD.replace("localhost", "elsewhere.example"), {"host-unknown"}),
    "a host that is no domain": (GOOD.replace("localhost", "a b"),
                                 {"host-unknown", "improper-addressing"}),
    "no host": (GOOD.replace(" to='localhost'", ""), {"host-unknown", "improper-addressing"}),
    "an address as host": (GOOD.replace("localhost", "alice@localhost"),
                           {"host-unknown", "improper-addressing"}),
    "another stream namespace": (GOOD.replace("etherx", "other"), {"invalid-namespace"}),
    "another content namespace": (GOOD.replace("jabber:client", "jabber:server"),
                                  {"invalid-namespace"}),
    "no content namespace": (GOOD.replace(" xmlns='jabber:client'", ""), {"invalid-namespace"}),
    "no version": (GOOD.replace(" version='1.0'", ""), {"unsupported-version"}),
    "version 0.9": (GOOD.replace("'1.0'>", "'0.9'>"), {"unsupported-version"}),
    "another root": (GOOD.replace("stream:stream", "stream:flow"),
                     {"bad-format", "invalid-namespace", "bad-namespace-prefix"}),
    "a root without the prefix": ("<stream xmlns='jabber:client' to='localhost' version='1.0'>",
                                  {"invalid-namespace", "bad-namespace-prefix", "bad-format"}),
    "an undeclared prefix": ("<stream:stream xmlns='jabber:client' to='localhost'>",
                             {"not-well-formed", "bad-namespace-prefix", "invalid-namespace"}),
    "no XML": ("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", {"not-well-formed", "bad-format"}),
    "another encoding": ("<?xml version='1.0' encoding='ISO-8859-1'?>" + GOOD,
                         {"unsupported-encoding"}),
    "UTF-16": ((HEAD + GOOD).encode("utf-16"), {"unsupported-encoding", "not-well-formed"}),
    "a DTD": ("<!DOCTYPE stream:stream>" + GOOD, {"restricted-xml"}),
    "a comment": ("<!-- x -->" + GOOD, {"restricted-xml"}),
    "a processing instruction": ("<?x y?>" + GOOD, {"restricted-xml"}),
}


@pytest.mark.section("RFC 6120 4.8", "RFC 6120 4.9.3")
@pytest.mark.parametrize("kind", HEADERS)
def test_a_wrong_header_gets_its_stream_error(shared, raw, kind):
    text, expected = HEADERS[kind]
    stream = raw(shared)
    mark = shared.log.mark()
    stream.send(text if isinstance(text, bytes) or text.startswith("<?xml") else
                text if text.startswith("GET") else HEAD + text)
    condition = stream.error()
    assert condition in expected
    header = stream.incoming.header
    assert header is not None and header.get("version") == "1.0" and header.get("id")
    shared.log.wait(f"{condition}|stream-error", since=mark)


@pytest.mark.section("RFC 6120 4.2", "RFC 6120 4.7")
def test_the_header_is_answered_as_it_should_be(shared, raw):
    stream = raw(shared).open(extra=" from='alice@localhost' xml:lang='en'")
    header = stream.incoming.header
    assert header.get("from") == "localhost" and header.get("to") == "alice@localhost"
    assert header.get("version") == "1.0"
    assert header.get("{http://www.w3.org/XML/1998/namespace}lang")
    ids = {header.get("id")} | {raw(shared).open().incoming.header.get("id") for _ in range(5)}
    assert len(ids) == 6 and all(len(i) >= 16 for i in ids)


@pytest.mark.section("RFC 6120 4.7.5")
def test_a_version_above_ours_is_accepted(shared, raw):
    stream = raw(shared).open(version="1.9")
    assert stream.incoming.header.get("version") == "1.0"


@pytest.mark.section("RFC 6120 4.7.1")
def test_another_from_after_authentication_is_refused(shared, raw):
    stream = raw(shared)
    stream.open().starttls()
    assert stream.scram("SCRAM-SHA-1", ALICE, PASSWORD) == "success"
    stream.send(stream.header(extra=" from='bob@localhost'"))
    from xmpp import Incoming
    stream.incoming = Incoming()
    assert stream.error() == "invalid-from"


# What breaks a stream that was in order.

BAD = {
    "a doctype": ("<!DOCTYPE x []>", {"restricted-xml"}),
    "a comment": ("<!-- x -->", {"restricted-xml"}),
    "a comment in a stanza": ("<message><!-- x --></message>", {"restricted-xml"}),
    "a processing instruction": ("<?x y?>", {"restricted-xml"}),
    "an entity": ("<message><body>&x;</body></message>", {"restricted-xml", "not-well-formed"}),
    "mismatched tags": ("<message><a></b></message>", {"not-well-formed"}),
    "an attribute twice": ("<message a='1' a='2'/>", {"not-well-formed"}),
    "a raw < in an attribute": ("<message id='<'/><x>;</x>", {"not-well-formed"}),
    "an undeclared prefix": ("<message><x:y/></message>",
                             {"not-well-formed", "bad-namespace-prefix", "invalid-xml"}),
    "text between stanzas": ("hello <message/>", {"bad-format", "not-well-formed"}),
    "a character that XML has not": ("<message><body>&#0;</body></message>",
                                     {"not-well-formed"}),
    "another's address": ("<message from='bob@localhost/x' to='alice@localhost'/>",
                          {"invalid-from"}),
    "its own domain as sender": ("<message from='localhost' to='alice@localhost'/>",
                                 {"invalid-from"}),
}


@pytest.mark.section("RFC 6120 11", "RFC 6120 4.9.3")
@pytest.mark.parametrize("kind", BAD)
def test_bad_xml_ends_the_stream_with_its_error(shared, raw, kind):
    stream, other = raw(shared, ALICE), raw(shared, "bob")
    mark = shared.log.mark()
    text, expected = BAD[kind]
    stream.send(text)
    condition = stream.error()
    assert condition in expected
    shared.log.wait(f"{condition}|stream-error", since=mark)
    other.ping()


@pytest.mark.section("RFC 6120 8.1.2.1")
@pytest.mark.parametrize("sender", ["alice@localhost", "alice@localhost/RES", "ALICE@localhost"])
def test_one_s_own_address_may_be_given(shared, raw, sender):
    alice, bob = raw(shared, ALICE), raw(shared, "bob")
    sender = sender.replace("RES", alice.jid.split("/")[1])
    alice.send(f"<message from='{sender}' to='{bob.jid}'><body>x</body></message>")
    assert bob.next_message().get("from") == alice.jid


@pytest.mark.section("RFC 6120 11.1")
def test_cdata_is_text(shared, raw):
    alice, bob = raw(shared, ALICE), raw(shared, "bob")
    alice.send(f"<message to='{bob.jid}'><body><![CDATA[<&>]]></body></message>")
    assert bob.next_message().findtext(CLIENT + "body") == "<&>"


def test_one_byte_at_a_time(shared, raw):
    alice, bob = raw(shared, ALICE), raw(shared, "bob")
    for byte in f"<message to='{bob.jid}'><body>slow é</body></message>".encode():
        alice.send(bytes([byte]))
    assert bob.next_message().findtext(CLIENT + "body") == "slow é"


@pytest.mark.section("RFC 6120 4.3.4")
def test_many_steps_in_one_write(shared, raw):
    """Stanzas behind the bind request, in the same write."""
    stream = raw(shared)
    stream.login("bob", "builder-2")
    stream.send(ELEMENTS["bind"] + ELEMENTS["ping"])
    try:
        first = stream.next()
        assert (first.get("id"), first.get("type")) == ("b", "result")
        assert stream.next().get("id") == "p"
    except StreamError as error:
        # RFC 6120 7.1: nothing may be sent before the answer to bind.
        assert error.condition in ("not-authorized", "policy-violation")


# Time.

@pytest.fixture(scope="module")
def hasty(make_shared):
    return make_shared(settings={"c2sd.auth_timeout": 1})


@pytest.mark.parametrize("state", ["connected", "clear", "secure", "challenged"])
def test_who_does_not_log_in_in_time_is_closed(hasty, raw, state):
    stream = raw(hasty)
    if state != "connected":
        STATES[state](stream)
    try:
        assert stream.error(PATIENCE) == "connection-timeout"
    except Closed:
        assert state == "connected"


def test_who_has_logged_in_has_all_the_time(hasty, raw):
    stream, late = raw(hasty, ALICE), Raw(hasty.address)
    with late:
        late.open()
        assert late.error(PATIENCE) == "connection-timeout"
    stream.ping()


def test_a_tls_handshake_that_stalls_is_closed(hasty, raw):
    stream = raw(hasty).open()
    stream.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    stream.expect(TLS + "proceed")
    stream.send(b"\x16\x03\x01\x02\0\x01")  # half a ClientHello
    stream.wire.end(PATIENCE)
