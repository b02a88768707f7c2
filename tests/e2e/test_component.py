"""External components (XEP-0114): the front end's part, on the bus; and the whole, with slixmpp."""
import asyncio
import hashlib
import queue
import threading
import time

import pytest
import slixmpp

from bus import envelope
from front import make_front  # noqa: F401
from suite import PATIENCE, free_port
from xmpp import CLIENT, STREAMS, Raw, body

NS = "{jabber:component:accept}"
NAME = "irc.localhost"
DIGEST = "aaee83c26aeeafcbabeabfcbcd50df997e0a2a1e"


@pytest.fixture
def front(make_front):
    return make_front(components=[NAME])


def opened(front, name=NAME, **how):
    client = front.component(name)
    client.send(client.header(ns=how.pop("ns", "jabber:component:accept"), version=None, **how))
    return client


def header(client):
    """The header of the other side, once it is here."""
    while client.incoming.header is None:
        client.poll(time.monotonic() + PATIENCE)
    return client.incoming.header


def handshake(client, digest=DIGEST):
    client.send(f"<handshake>{digest}</handshake>")
    return client


def joined(front):
    client = handshake(opened(front))
    connection, _ = front.router.judge(account=NAME)
    front.router.bound(NAME)
    assert client.next().tag == NS + "handshake"
    return client, connection


def test_the_header_names_the_component_and_an_id_that_is_new_each_time(front):
    first, second = header(opened(front)), header(opened(front))
    assert first.tag == STREAMS + "stream"
    assert set(first.attrib) == {"from", "id"} and first.get("from") == NAME
    assert len(first.get("id")) == 32 and first.get("id") != second.get("id")


def test_the_name_may_be_written_in_other_letters(front):
    assert header(opened(front, "IRC.Localhost")).get("from") == NAME


@pytest.mark.parametrize("name, ns, expected", [
    ("other.localhost", "jabber:component:accept", "host-unknown"),
    ("localhost", "jabber:component:accept", "host-unknown"),
    ("", "jabber:component:accept", "host-unknown"),
    (NAME, "jabber:client", "invalid-namespace"),
    (NAME, "jabber:server", "invalid-namespace"),
    (NAME, "jabber:component:connect", "invalid-namespace")])
def test_who_is_no_component_is_told_so(front, name, ns, expected):
    assert opened(front, name, ns=ns, to=name).error() == expected


def test_the_client_s_port_serves_no_component(front):
    client = front.raw()
    client.send(client.header(to=NAME))
    assert client.error() == "host-unknown"
    client = front.raw()
    client.send(client.header(to=NAME, ns="jabber:component:accept"))
    assert client.error() == "invalid-namespace"


def test_no_client_may_name_the_mechanism_of_components(front):
    client = front.secure()
    client.auth("COMPONENT", f"{'0' * 32} {DIGEST}")
    assert client.verdict() == "invalid-mechanism"
    front.router.silent("AUTH_BEGIN")


def test_the_handshake_goes_to_authd_and_the_session_to_routerd(front):
    client = opened(front)
    id = header(client).get("id")
    handshake(client)
    connection, begin = front.router.judge(account=NAME)
    assert begin["domain"] == NAME.encode() and begin["mechanism"] == b"COMPONENT"
    assert begin["initial"].decode() == f"{id} {DIGEST}"
    assert (begin["tls"], begin["offered"], begin["address"]) == (0, None, b"127.0.0.1")
    _, subject, wish = front.router.expect("BIND")
    assert (subject, wish["resource"]) == (connection, None)
    front.router.send("BOUND", connection, session=b"s" * 16, epoch=1, jid=NAME)
    element = client.next()
    assert (element.tag, element.text, len(element)) == (NS + "handshake", None, 0)


@pytest.mark.parametrize("digest", ["", "0", DIGEST + "0", DIGEST[:-1] + "g", DIGEST[:-1] + " "])
def test_what_is_no_digest_is_refused_without_asking(front, digest):
    assert handshake(opened(front), digest).error() == "not-authorized"
    front.router.silent("AUTH_BEGIN")


@pytest.mark.parametrize("condition, expected", [
    (10, "not-authorized"), (11, "remote-connection-failed")])
def test_a_wrong_handshake_ends_the_stream(front, condition, expected):
    client = handshake(opened(front))
    front.router.judge(condition)
    assert client.error() == expected


@pytest.mark.parametrize("condition, expected", [(2, "conflict"), (18, "resource-constraint")])
def test_what_routerd_refuses_ends_the_stream(front, condition, expected):
    client = handshake(opened(front))
    connection, _ = front.router.judge(account=NAME)
    front.router.expect("BIND")
    front.router.send("BIND_REFUSED", connection, condition=condition)
    assert client.error() == expected


STANZA = f"<message from='a@{NAME}' to='bob@localhost'/>"


@pytest.mark.parametrize("element", [
    STANZA, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGEAYg==</auth>",
    "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
    f"<iq type='get' id='1' from='{NAME}' to='localhost'><query xmlns='jabber:iq:register'/></iq>"])
def test_nothing_comes_before_the_handshake(front, element):
    client = opened(front)
    client.send(element)
    assert client.error() == "not-authorized"


@pytest.mark.parametrize("element", [
    STANZA, f"<handshake>{DIGEST}</handshake>", "<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"])
def test_nothing_comes_while_it_is_judged(front, element):
    client = handshake(opened(front))
    _, connection, _ = front.router.expect("AUTH_BEGIN")
    client.send(element)
    assert client.error() == "policy-violation"
    front.router.send("AUTH_RESULT", connection, condition=0, account=NAME)
    front.router.silent("BIND", "SUBMIT")


def test_the_limit_before_the_handshake_is_that_of_strangers(front):
    client = opened(front)
    client.send("<handshake>" + "0" * 17000)
    assert client.error() == "policy-violation"


def test_stanzas_go_to_routerd_with_their_prepared_sender(front):
    client, connection = joined(front)
    client.send(f"<message from='Nick@IRC.localhost/x' to='BOB@localhost' type='chat' id='1'>"
                f"<body>{'x' * 20000}</body><x xmlns='u'/></message>"
                f"<presence from='{NAME}' to='bob@'/>")
    _, subject, first = front.router.expect("SUBMIT")
    assert (subject, first["from"], first["number"], first["refuse"]) == (
        connection, b"nick@irc.localhost/x", 1, 0)
    assert first["stanza"].endswith(b"<body>" + b"x" * 20000 + b"</body><x xmlns='u'/>")
    assert b"bob@localhost" in first["stanza"]
    _, _, second = front.router.expect("SUBMIT")
    assert (second["from"], second["refuse"]) == (NAME.encode(), 8)  # jid-malformed


def test_senders_are_kept_while_stanzas_wait_for_credit(front):
    front.router.send("CREDIT", link_bytes=1 << 24, session_stanzas=1, session_bytes=1 << 18)
    client, connection = joined(front)
    client.send("".join(f"<message from='{n}@{NAME}' to='bob@localhost'/>" for n in "abc"))
    for number, sender in enumerate("abc", 1):
        _, _, values = front.router.expect("SUBMIT")
        assert (values["number"], values["from"]) == (number, f"{sender}@{NAME}".encode())
        front.router.silent("SUBMIT")
        front.router.safe(connection, number)


@pytest.mark.parametrize("addresses, expected", [
    ("to='bob@localhost'", "invalid-from"), ("from='' to='bob@localhost'", "invalid-from"),
    ("from='a@localhost' to='bob@localhost'", "invalid-from"),
    (f"from='a@x.{NAME}' to='bob@localhost'", "invalid-from"),
    (f"from='@{NAME}' to='bob@localhost'", "invalid-from"),
    (f"from='{NAME}'", "improper-addressing")])
def test_a_stanza_must_say_who_of_the_component_sends_it_to_whom(front, addresses, expected):
    client, _ = joined(front)
    client.send(f"<message {addresses}/>")
    assert client.error() == expected
    front.router.silent("SUBMIT")


@pytest.mark.parametrize("element", [
    "<active xmlns='urn:xmpp:csi:0'/>", "<handshake/>", "<log/>",
    f"<message xmlns='jabber:client' from='{NAME}' to='bob@localhost'/>"])
def test_what_is_no_stanza_of_a_component_is_unknown(front, element):
    client, _ = joined(front)
    client.send(element)
    assert client.error() == "unsupported-stanza-type"


def test_what_comes_for_it_is_in_its_namespace(front):
    client, connection = joined(front)
    front.router.deliver([(connection, 1)], envelope(
        to=f"nick@{NAME}", inner="<body>hi</body><x xmlns='u'><y xmlns='jabber:client'/></x>"))
    message = client.next()
    assert message.tag == NS + "message" and message.get("to") == f"nick@{NAME}"
    assert message.findtext(NS + "body") == "hi"
    assert message.find("{u}x")[0].tag == CLIENT + "y"


def test_when_routerd_is_lost_the_session_stays_and_a_handshake_fails(front):
    client, connection = joined(front)
    judged = handshake(opened(front))
    front.router.expect("AUTH_BEGIN")
    front.router.socket.close()
    assert judged.error() == "remote-connection-failed"
    front.router = front.accept()
    assert front.router.expect("RESTORE")[1] == connection
    front.router.expect("RESTORED")


# The whole suite.

SECRET = "s3cret-of-irc"


class Component:
    """slixmpp's, in a thread."""

    def __init__(self, port, secret=SECRET):
        self.messages, self.ended = queue.Queue(), threading.Event()
        self.started = queue.Queue()
        self.thread = threading.Thread(target=self._run, args=(port, secret), daemon=True)
        self.thread.start()

    def _run(self, port, secret):
        self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        xmpp = self.xmpp = slixmpp.ComponentXMPP(NAME, secret, "127.0.0.1", port)
        xmpp.loop = self.loop
        xmpp.register_plugin("xep_0030")
        xmpp.add_event_handler("session_start", lambda _: self.started.put(True))
        xmpp.add_event_handler("stream_error", lambda e: self.started.put(e["condition"]))
        xmpp.add_event_handler("message", self.messages.put)
        xmpp.add_event_handler("disconnected", lambda _: self.loop.stop())
        xmpp.connect()
        self.loop.run_forever()
        self.ended.set()

    def wait(self):
        return self.started.get(timeout=PATIENCE)

    def do(self, call):
        self.loop.call_soon_threadsafe(call)

    def close(self):
        self.do(lambda: self.xmpp.disconnect(wait=0))
        assert self.ended.wait(PATIENCE)


@pytest.fixture
def served(make_suite):
    suite = make_suite(start=False)
    suite.init()
    suite.configure()
    suite.component_port = free_port()
    secret = suite.home / "irc.secret"
    secret.write_text(SECRET + "\n")
    secret.chmod(0o644)
    suite.edit(**{f'component "{NAME}".secret': str(secret), f'component "{NAME}".name': "IRC",
                  "c2sd.listen_component": [f"127.0.0.1:{suite.component_port}"]})
    return suite.start()


@pytest.fixture
def component(served):
    one = Component(served.component_port)
    assert one.wait() is True
    yield one
    one.close()


def test_a_component_and_a_user_talk(served, component, raw):
    alice = raw(served, "alice", "home")
    alice.message(f"nick@{NAME}", "hello gateway")
    message = component.messages.get(timeout=PATIENCE)
    assert (message["body"], str(message["from"]), str(message["to"])) == (
        "hello gateway", "alice@localhost/home", f"nick@{NAME}")
    component.do(lambda: component.xmpp.send_message(
        mto="alice@localhost/home", mbody="hello user", mfrom=f"nick@{NAME}/there"))
    answer = alice.next_message()
    assert (body(answer), answer.get("from")) == ("hello user", f"nick@{NAME}/there")


def test_the_first_connection_keeps_the_component(served, component):
    other = Raw(("127.0.0.1", served.component_port), NAME)
    other.send(other.header(ns="jabber:component:accept", version=None))
    id = header(other).get("id")
    handshake(other, hashlib.sha1((id + SECRET).encode()).hexdigest())
    assert other.error() == "conflict"


def test_a_wrong_secret_is_refused(served):
    other = Raw(("127.0.0.1", served.component_port), NAME)
    other.send(other.header(ns="jabber:component:accept", version=None))
    id = header(other).get("id")
    handshake(other, hashlib.sha1((id + SECRET + "x").encode()).hexdigest())
    assert other.error() == "not-authorized"
    served.log.wait(f"auth-failed .*mechanism=COMPONENT account={NAME} .*reason=wrong-password")
