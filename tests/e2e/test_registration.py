"""In-band registration before authentication (XEP-0077): the front end's part, on the bus; and
the whole, with a user who registers and logs in."""
import pytest

from front import front, make_front  # noqa: F401
from xmpp import CLIENT, condition

pytestmark = pytest.mark.section("XEP-0077 3.1")

FEATURE = "{http://jabber.org/features/iq-register}register"
NS = "{jabber:iq:register}"
ON = {"routerd.registration": "true"}


def query(inner=""):
    return f"<query xmlns='jabber:iq:register'>{inner}</query>"


def form(username="carol", password="letmein-5"):
    return query(f"<username>{username}</username><password>{password}</password>")


@pytest.fixture
def open_front(make_front):
    return make_front(settings=ON)


def ask(client, inner, kind="set", id="r1"):
    client.send(f"<iq type='{kind}' id='{id}'>{inner}</iq>")
    return client


def test_it_is_off_unless_switched_on_and_then_like_any_stanza(front):
    client = front.secure()
    assert client.features.find(FEATURE) is None
    assert ask(client, query(), "get").error() == "not-authorized"


def test_it_is_neither_shown_nor_served_without_tls(open_front):
    client = open_front.raw().open()
    assert client.features.find(FEATURE) is None
    assert ask(client, form()).error() == "not-authorized"


def test_the_fields_are_a_name_and_a_password(open_front):
    client = open_front.secure()
    assert client.features.find(FEATURE) is not None
    answer = client.iq("get", query())
    fields = [child.tag for child in answer.find(NS + "query")]
    assert (answer.get("type"), fields) == (
        "result", [NS + "instructions", NS + "username", NS + "password"])


def test_name_and_password_go_to_routerd_with_the_address(open_front):
    client = ask(open_front.secure(), form("  CAROL".strip(), "a&amp;b<![CDATA[<c>]]>"))
    _, connection, asked = open_front.router.expect("REGISTRATION")
    assert asked == {"domain": b"localhost", "username": b"carol", "password": b"a&b<c>",
                     "address": b"127.0.0.1"}
    open_front.router.send("REGISTERED", connection, condition=0)
    answer = client.next()
    assert (answer.tag, answer.get("id"), answer.get("type")) == (CLIENT + "iq", "r1", "result")
    client.auth("PLAIN", "AGNhcm9sAGxldG1laW4tNQ==")  # the stream is where it was
    assert open_front.router.judge()[0] == connection
    assert client.verdict() == "success"


@pytest.mark.parametrize("number, expected", [
    (2, ("cancel", "conflict")), (9, ("modify", "not-acceptable")),
    (18, ("wait", "resource-constraint"))])
def test_what_routerd_says_is_the_answer_and_another_try_may_follow(open_front, number, expected):
    client = open_front.secure()
    for _ in range(2):
        ask(client, form())
        _, connection, _ = open_front.router.expect("REGISTRATION")
        open_front.router.send("REGISTERED", connection, condition=number, text="so it is")
        answer = client.next()
        assert condition(answer) == expected
        assert answer.get("id") == "r1"


@pytest.mark.parametrize("inner, expected", [
    (query(), "not-acceptable"), (query("<username>carol</username>"), "not-acceptable"),
    (query("<password>x</password>"), "not-acceptable"),
    (form(username=""), "not-acceptable"), (form(password=""), "not-acceptable"),
    (form(username="a@b"), "jid-malformed"), (form(username="a/b"), "jid-malformed"),
    (form(username="a b"), "jid-malformed"), (form(username="x" * 1024), "jid-malformed"),
    (form(password="x" * 1025), "not-acceptable"),
    (query("<remove/>"), "unexpected-request")])
def test_what_cannot_be_an_account_is_refused_without_asking(open_front, inner, expected):
    client = open_front.secure()
    assert condition(client.iq("set", inner))[1] == expected
    open_front.router.silent("REGISTRATION")
    assert client.iq("get", query()).get("type") == "result"


@pytest.mark.parametrize("more", [
    form(), "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGEAYg==</auth>"])
def test_one_is_under_way_at_a_time(open_front, more):
    client = ask(open_front.secure(), form())
    open_front.router.expect("REGISTRATION")
    client.send(more if more.startswith("<auth") else f"<iq type='set' id='2'>{more}</iq>")
    assert client.error() == "policy-violation"
    open_front.router.silent("REGISTRATION", "AUTH_BEGIN")


def test_routerd_is_told_when_the_client_goes_and_nobody_gets_a_late_answer(open_front):
    client = ask(open_front.secure(), form())
    _, connection, _ = open_front.router.expect("REGISTRATION")
    client.close()
    assert open_front.router.expect("CLOSED")[1] == connection
    open_front.router.send("REGISTERED", connection, condition=0)
    open_front.router.silent()


def test_an_answer_that_nobody_waits_for_changes_nothing(open_front):
    client, connection = open_front.bound()
    open_front.router.send("REGISTERED", connection, condition=0)
    open_front.router.silent()
    client.send("<message to='bob@localhost'/>")
    open_front.router.expect("SUBMIT")


def test_when_routerd_is_lost_the_client_may_try_again(open_front):
    client = ask(open_front.secure(), form())
    open_front.router.expect("REGISTRATION")
    open_front.router.socket.close()
    assert condition(client.next()) == ("wait", "resource-constraint")
    open_front.router = open_front.accept()
    open_front.log.wait("router-up", since=open_front.log.mark() - 1)
    ask(client, form())
    open_front.router.expect("REGISTRATION")


# The whole suite.

def test_who_registers_can_log_in(make_suite, raw):
    suite = make_suite(settings=ON)
    client = raw(suite).open().starttls()
    assert client.iq("set", form()).get("type") == "result"
    assert client.scram("SCRAM-SHA-256", "carol", "letmein-5") == "success"
    other = raw(suite).open().starttls()
    assert condition(other.iq("set", form(password="other"))) == ("cancel", "conflict")
    assert other.scram("SCRAM-SHA-256", "carol", "other") == "not-authorized"
