"""The log-in of clients that are older than SASL (XEP-0078)."""
import base64

import pytest

from front import front, make_front  # noqa: F401
from xmpp import CLIENT, Incoming, Raw, condition

pytestmark = pytest.mark.section("XEP-0078")

FEATURE = "{http://jabber.org/features/iq-auth}auth"
NS = "{jabber:iq:auth}"
ON = {"c2sd.legacy_auth": "true"}


def query(inner=""):
    return f"<query xmlns='jabber:iq:auth'>{inner}</query>"


def form(username="alice", password="wonder&lt;land", resource="old"):
    return query(f"<username>{username}</username><password>{password}</password>"
                 f"<resource>{resource}</resource>")


def send(client, inner=None, id="a1"):
    client.send(f"<iq type='set' id='{id}'>{inner or form()}</iq>")
    return client


def code(stanza):
    return stanza.find(CLIENT + "error").get("code")


@pytest.fixture
def old(make_front):
    return make_front(settings=ON)


def test_it_is_off_unless_switched_on(front):
    client = front.secure()
    assert client.features.find(FEATURE) is None
    for kind, inner in (("get", query()), ("set", form())):
        answer = client.iq(kind, inner)
        assert (condition(answer), code(answer)) == (("cancel", "service-unavailable"), "503")
    front.router.silent("AUTH_BEGIN")


def test_it_is_neither_shown_nor_served_without_tls(old):
    client = old.raw().open()
    assert client.features.find(FEATURE) is None
    assert condition(client.iq("set", form()))[1] == "service-unavailable"
    old.router.silent("AUTH_BEGIN")


def test_it_needs_what_plain_needs(make_front):
    client = make_front(settings=ON, mechanisms="SCRAM-SHA-256").secure()
    assert client.features.find(FEATURE) is None
    assert condition(client.iq("get", query()))[1] == "service-unavailable"


@pytest.mark.parametrize("inner", ["", "<username>alice</username>", "<username>nobody</username>"])
def test_the_fields_are_the_same_for_everybody_and_no_digest(old, inner):
    client = old.secure()
    assert client.features.find(FEATURE) is not None
    answer = client.iq("get", query(inner))
    assert [child.tag for child in answer.find(NS + "query")] == [
        NS + "username", NS + "password", NS + "resource"]


def test_the_password_goes_to_authd_as_plain_and_the_resource_is_bound(old):
    client = send(old.secure())
    connection, begin = old.router.judge()
    assert begin["mechanism"] == begin["offered"] == b"PLAIN"
    assert base64.b64decode(begin["initial"]) == b"\0alice\0wonder<land"
    assert (begin["domain"], begin["tls"]) == (b"localhost", 1)
    assert old.router.bound() == connection
    answer = client.next()
    assert (answer.get("type"), answer.get("id"), len(answer)) == ("result", "a1", 0)
    client.send("<message to='bob@localhost'><body>" + "x" * 20000 + "</body></message>")
    assert old.router.expect("SUBMIT")[2]["number"] == 1
    old.router.deliver([(connection, 1)], b"\x02\0\0\0" + bytes(4) + b"\xff" * 16)
    assert client.next().get("to") == "alice@localhost/old"


@pytest.mark.parametrize("inner", [
    query(), form(username=""), form(password=""), form(resource=""), form(resource="\u2028" * 400),
    query("<username>alice</username><digest>0</digest><resource>r</resource>")])
def test_missing_information_is_not_acceptable(old, inner):
    answer = old.secure().iq("set", inner)
    assert (condition(answer), code(answer)) == (("modify", "not-acceptable"), "406")
    old.router.silent("AUTH_BEGIN")


def test_wrong_passwords_are_counted(make_front):
    old = make_front(settings={**ON, "c2sd.auth_attempts": "2"})
    client = send(old.secure())
    old.router.judge(10)
    answer = client.next()
    assert (condition(answer), code(answer), answer.get("id")) == (
        ("auth", "not-authorized"), "401", "a1")
    assert "alice" not in str(list(answer.itertext()))
    send(client)
    old.router.judge(10)
    assert condition(client.next())[1] == "not-authorized"
    assert client.error() == "policy-violation"


def test_another_try_may_succeed(old):
    client = send(old.secure())
    old.router.judge(10)
    client.next()
    send(client, id="a2")
    old.router.judge()
    old.router.bound()
    assert client.next().attrib == {"type": "result", "id": "a2"}


def test_after_a_failed_sasl_exchange_it_is_refused(old):
    client = old.secure()
    client.auth("PLAIN", "AGEAYg==")
    old.router.judge(10)
    assert client.verdict() == "not-authorized"
    assert send(client).error() == "policy-violation"
    old.router.silent("AUTH_BEGIN")


def test_what_routerd_says_of_the_resource_is_the_answer(old):
    client = send(old.secure())
    connection, _ = old.router.judge()
    old.router.expect("BIND")
    old.router.send("BIND_REFUSED", connection, condition=2)
    answer = client.next()
    assert (condition(answer), code(answer)) == (("cancel", "conflict"), "409")
    client.closed()


@pytest.mark.parametrize("more", [
    "<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", f"<iq type='set' id='2'>{form()}</iq>",
    "<message to='bob@localhost'/>"])
def test_nothing_may_come_while_it_is_judged(old, more):
    client = send(old.secure())
    _, connection, _ = old.router.expect("AUTH_BEGIN")
    client.send(more)
    assert client.error() == "policy-violation"
    old.router.send("AUTH_RESULT", connection, condition=0, account="alice@localhost")
    old.router.silent("BIND", "SUBMIT", "AUTH_BEGIN")


def test_when_routerd_is_lost_the_client_may_try_again(old):
    client = send(old.secure())
    old.router.expect("AUTH_BEGIN")
    old.router.socket.close()
    assert condition(client.next()) == ("wait", "resource-constraint")


# Streams without a version.

def tls(front):
    client = Raw(("127.0.0.1", front.tls_port))
    client.wire.start_tls(name="localhost")
    return client


def test_a_stream_without_a_version_gets_no_features_and_may_log_in(old):
    client = tls(old)
    client.send(client.header(version=None))
    assert client.iq("get", query()).find(NS + "query") is not None
    assert "version" not in client.incoming.header.attrib
    assert client.incoming.header.get("id")
    send(client)
    old.router.judge()
    old.router.bound()
    assert client.next().get("type") == "result"


def started(front):
    """TLS by STARTTLS, and nothing said under it."""
    client = front.raw().open()
    client.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    client.next()
    client.wire.start_tls(name="localhost")
    client.incoming = Incoming()
    return client


def test_a_stream_without_a_version_is_refused_elsewhere(old, make_front):
    for client in (old.raw(), started(old), tls(make_front())):
        client.send(client.header(version=None))
        assert client.error() == "unsupported-version"


# The whole suite.

def test_an_old_client_logs_in_and_talks(make_suite, raw):
    suite = make_suite(settings=ON)
    bob = raw(suite, "bob", "home")
    client = raw(suite).open().starttls()
    wrong = client.iq("set", form(password="wrong"))
    assert condition(wrong) == ("auth", "not-authorized")
    assert client.iq("set", form(password=suite.password("alice@localhost"))).get("type") == "result"
    client.available()
    client.message("bob@localhost", "an old friend")
    message = bob.next_message()
    assert (message.get("from"), message.findtext(CLIENT + "body")) == (
        "alice@localhost/old", "an old friend")
