"""Resources: RFC 6120 7, as a client sees it."""
import pytest

from xmpp import BIND, CLIENT, SASL, STREAMS, condition

NS = "urn:ietf:params:xml:ns:xmpp-bind"


@pytest.fixture
def authed(shared, raw):
    """Alice, logged in and not bound."""
    def make():
        return raw(shared).login("alice", shared.password("alice@localhost"))
    return make


def bind(stream, wish="", kind="set", to=None):
    return stream.iq(kind, f"<bind xmlns='{NS}'>{wish}</bind>", to)


def jid(reply):
    return reply.findtext(f"{BIND}bind/{BIND}jid")


@pytest.mark.section("RFC 6120 7")
def test_binding_is_offered_after_authentication_and_never_before(shared, raw, authed):
    stream = raw(shared).open()
    assert stream.features.find(BIND + "bind") is None
    stream.starttls()
    assert stream.features.find(BIND + "bind") is None
    stream = authed()
    assert stream.features.find(BIND + "bind") is not None
    assert stream.features.find(SASL + "mechanisms") is None


@pytest.mark.section("RFC 6120 7", "RFC 6120 7.6")
def test_no_new_stream_follows_a_bind(authed):
    """7.3.2: neither side restarts the stream; the very next thing may be a stanza."""
    stream = authed()
    reply = bind(stream)
    assert reply.get("type") == "result" and jid(reply).startswith("alice@localhost/")
    assert stream.ping() == []


@pytest.mark.section("RFC 6120 7.6")
def test_resources_that_the_server_makes_are_long_and_all_different(authed):
    made = [jid(bind(authed())) for _ in range(5)]
    assert len(set(made)) == 5
    assert min(map(len, made)) > len("alice@localhost/") + 8


@pytest.mark.section("RFC 6120 7.6")
def test_an_empty_wish_is_no_wish(authed):
    reply = bind(authed(), "<resource/>")
    assert reply.get("type") == "result" and len(jid(reply)) > len("alice@localhost/") + 8


@pytest.mark.section("RFC 6120 7.7")
@pytest.mark.parametrize("wish, made", [
    ("<resource>balcony</resource>", "alice@localhost/balcony"),
    ("<resource>a b&amp;&lt;c&gt;</resource>", "alice@localhost/a b&<c>"),
    ("<resource>Ünïcode \U0001f600</resource>", "alice@localhost/Ünïcode \U0001f600"),
    ("<resource>with/slash@sign</resource>", "alice@localhost/with/slash@sign"),
])
def test_the_client_s_own_resource_is_taken(authed, wish, made):
    assert jid(bind(authed(), wish)) == made


@pytest.mark.section("RFC 6120 7.7")
@pytest.mark.parametrize("wish, expected", [
    ("<resource>a&#x7f;b</resource>", ("modify", "bad-request")),
    ("<resource>" + "x" * 1024 + "</resource>", ("modify", "bad-request")),
    ("<resource>one</resource><resource>two</resource>", ("modify", "bad-request")),
])
def test_a_resource_that_is_none_is_refused_and_another_may_be_asked_for(authed, wish, expected):
    stream = authed()
    assert condition(bind(stream, wish)) == expected
    assert bind(stream).get("type") == "result"


@pytest.mark.section("RFC 6120 7.7")
def test_the_newer_of_two_equal_resources_stays(shared, raw, authed):
    """7.7.2.2: the older session ends with a conflict."""
    old, new = authed(), authed()
    bind(old, "<resource>the-same</resource>")
    assert jid(bind(new, "<resource>the-same</resource>")) == "alice@localhost/the-same"
    assert old.error() == "conflict"
    new.ping()
    assert [r["jid"] for r in shared.rows("session", "list")].count("alice@localhost/the-same") == 1


@pytest.mark.section("RFC 6120 7.7")
def test_equal_after_preparation_is_equal(authed):
    """Resourceprep composes: e and a combining acute are the same as é."""
    old, new = authed(), authed()
    bind(old, "<resource>caf\u00e9-here</resource>")
    assert jid(bind(new, "<resource>cafe\u0301-here</resource>")) == "alice@localhost/caf\u00e9-here"
    assert old.error() == "conflict"


@pytest.mark.section("RFC 6120 7")
def test_what_is_sent_before_a_bind_is_refused_by_an_end_of_the_stream(authed):
    for stanza in ("<message to='bob@localhost'><body>x</body></message>", "<presence/>",
                   "<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>"):
        stream = authed()
        stream.send(stanza)
        assert stream.error() == "not-authorized"


@pytest.mark.section("RFC 6120 7")
def test_a_bound_stream_binds_no_second_time(authed):
    stream = authed()
    first = jid(bind(stream))
    reply = bind(stream, "<resource>second</resource>")
    assert reply.get("type") == "error"
    stream.send(f"<iq type='get' id='self' to='{first}'><ping xmlns='urn:xmpp:ping'/></iq>")
    assert stream.until(lambda e: e.tag == CLIENT + "iq" and e.get("type") == "get").get("to") == first


@pytest.mark.section("RFC 6120 7")
def test_the_session_of_rfc_3921_is_optional_and_answered(authed):
    stream = authed()
    session = stream.features.find("{urn:ietf:params:xml:ns:xmpp-session}session")
    assert session is not None and session.find(
        "{urn:ietf:params:xml:ns:xmpp-session}optional") is not None
    assert stream.features.tag == STREAMS + "features"
    bind(stream)
    reply = stream.iq("set", "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>")
    assert reply.get("type") == "result"
