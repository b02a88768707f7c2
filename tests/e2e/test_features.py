"""What streams advertise, and who a broadcast says that it is for."""
import pytest

from bus import envelope
from front import front, make_front  # noqa: F401
from xmpp import CLIENT

LIMITS = "{urn:xmpp:stream-limits:0}"
CAPS = "{http://jabber.org/protocol/caps}c"
SESSION = ["{urn:ietf:params:xml:ns:xmpp-bind}bind", "{urn:ietf:params:xml:ns:xmpp-session}session",
           "{urn:xmpp:sm:3}sm", "{urn:xmpp:csi:0}csi", "{urn:xmpp:features:rosterver}ver",
           "{urn:xmpp:features:pre-approval}sub"]


def most(client):
    return int(client.features.findtext(f"{LIMITS}limits/{LIMITS}max-bytes"))


def names(client):
    return [feature.tag for feature in client.features]


def test_before_authentication_only_what_leads_to_it_and_the_limit_are_shown(front):
    client = front.raw().open()
    assert names(client) == ["{urn:ietf:params:xml:ns:xmpp-tls}starttls"]
    client.starttls()
    assert names(client)[0] == "{urn:ietf:params:xml:ns:xmpp-sasl}mechanisms"
    assert not set(names(client)) & set(SESSION)
    assert most(client) == 16384


def test_where_tls_is_optional_the_limit_is_shown_without_it(make_front):
    client = make_front(settings={"c2sd.starttls": "optional"}).raw().open()
    assert names(client) == ["{urn:ietf:params:xml:ns:xmpp-tls}starttls",
                             "{urn:ietf:params:xml:ns:xmpp-sasl}mechanisms", LIMITS + "limits"]
    assert most(client) == 16384


def test_after_authentication_the_session_s_features_are_shown(front):
    client, _ = front.authenticated()
    assert names(client) == SESSION + [LIMITS + "limits"]
    assert most(client) == 262144


@pytest.mark.section("XEP-0478")
def test_the_limits_are_those_of_the_settings_and_hold(make_front):
    front = make_front(settings={"c2sd.stanza": "20000", "c2sd.stanza_before_auth": "5000"})
    assert most(front.secure()) == 5000
    client, _ = front.bound()
    message = "<message to='b@localhost'><body>%s</body></message>"
    fits = message % ("x" * (20000 - len(message) + 2))
    client.send(fits)
    assert front.router.expect("SUBMIT")[2]["number"] == 1
    client.send(fits.replace("<body>", "<body>x"))
    assert client.error() == "policy-violation"


@pytest.mark.section("XEP-0478")
def test_the_limit_before_authentication_holds(make_front):
    front = make_front(settings={"c2sd.stanza_before_auth": "5000"})
    client = front.secure()
    client.auth("PLAIN", "x" * 5000)
    assert client.error() == "policy-violation"


def test_the_domain_s_caps_are_shown_as_soon_and_as_long_as_routerd_tells_them(front):
    def told(ver):
        front.router.send("DOMAIN_CAPS", domain="localhost", ver=ver)
        return front.authenticated()[0].features.find(CAPS)
    element = told("QgayPKawpkPSDYmwT/WM94uAlu0=")
    assert element.attrib == {"hash": "sha-1", "node": "https://bulkhead.example/",
                              "ver": "QgayPKawpkPSDYmwT/WM94uAlu0="}
    assert told("other'<").get("ver") == "other'<"
    assert told("") is None
    front.router.send("DOMAIN_CAPS", domain="elsewhere", ver="x")
    assert front.authenticated()[0].features.find(CAPS) is None


# RFC 6120 8.1.1: what has no `to` is told each client with its own address.

JIDS = ["alice@localhost/r1", "alice@localhost/it's <\"&>", "alice@localhost/\u00fc"]


@pytest.mark.parametrize("count", [1, 3])
def test_a_broadcast_has_each_client_s_own_address(front, count):
    clients = [front.bound(jid) for jid in JIDS[:count]]
    front.router.deliver([(connection, 1) for _, connection in clients],
                         envelope("presence", "unavailable", id="i", inner="<status>to='</status>"))
    front.router.deliver([(connection, 2) for _, connection in clients],
                         envelope("presence", None, inner=""), sender="carol@localhost")
    for (client, _), jid in zip(clients, JIDS):
        one, two = client.next(), client.next()
        assert one.attrib == {"from": "bob@localhost/x", "to": jid, "id": "i",
                              "type": "unavailable"}
        assert one.findtext(CLIENT + "status") == "to='"
        assert two.attrib == {"from": "carol@localhost", "to": jid} and len(two) == 0


def test_what_has_an_address_keeps_it(front):
    clients = [front.bound(jid) for jid in JIDS[:2]]
    front.router.deliver([(connection, 1) for _, connection in clients],
                         envelope("message", "chat", to="alice@localhost"))
    for client, _ in clients:
        assert client.next().get("to") == "alice@localhost"


def test_everything_that_is_sent_is_reported_as_done(front):
    clients = [front.bound(jid) for jid in JIDS[:2]]
    front.router.deliver([(connection, 1) for _, connection in clients],
                         envelope("presence", None, inner=""))
    done = b""
    while len(done) < 32:
        done += front.router.expect("DONE")[2]["marks"]
    assert sorted(done[i:i + 16] for i in (0, 16)) == [
        connection.to_bytes(8, "big") + (1).to_bytes(8, "big") for _, connection in clients]
    assert all(client.next().tag == CLIENT + "presence" for client, _ in clients)
