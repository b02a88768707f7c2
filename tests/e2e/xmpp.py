"""A client of XMPP streams that sends exactly the bytes that a test wants.

It parses what comes with expat, and does TLS by OpenSSL in memory, so that a test can put any
bytes below TLS too.  Elements come as xml.etree Elements with names like '{jabber:client}iq'.
"""
import socket
import time
import xml.etree.ElementTree as ET
from xml.parsers import expat

from OpenSSL import SSL

import scram

CLIENT = "{jabber:client}"
DIALBACK = "{jabber:server:dialback}"
STREAMS = "{http://etherx.jabber.org/streams}"
STREAM_ERRORS = "{urn:ietf:params:xml:ns:xmpp-streams}"
STANZA_ERRORS = "{urn:ietf:params:xml:ns:xmpp-stanzas}"
TLS = "{urn:ietf:params:xml:ns:xmpp-tls}"
SASL = "{urn:ietf:params:xml:ns:xmpp-sasl}"
BIND = "{urn:ietf:params:xml:ns:xmpp-bind}"
TIMEOUT = 20


class Closed(Exception):
    """The server closed the connection (and, when `footer`, its stream before)."""

    def __init__(self, footer):
        super().__init__("stream and connection closed" if footer else "connection closed")
        self.footer = footer


class StreamError(Exception):
    """The server sent a stream error; `condition` is its name."""

    def __init__(self, element):
        self.element = element
        self.condition = next(c.tag[len(STREAM_ERRORS):] for c in element
                              if c.tag.startswith(STREAM_ERRORS) and not c.tag.endswith("}text"))
        self.text = element.findtext(STREAM_ERRORS + "text")
        super().__init__(self.condition)


class Incoming:
    """An XML stream into its header and its elements at depth one."""

    def __init__(self):
        self.parser = expat.ParserCreate(namespace_separator="}")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.header, self.elements, self.closed, self.stack = None, [], False, []

    def feed(self, data):
        self.parser.Parse(data, False)

    def _start(self, name, attributes):
        def clark(n):
            return "{" + n if "}" in n else n
        element = ET.Element(clark(name), {clark(k): v for k, v in attributes.items()})
        if self.header is None:
            self.header = element
            return
        if self.stack:
            self.stack[-1].append(element)
        self.stack.append(element)

    def _text(self, text):
        if not self.stack:
            return
        top = self.stack[-1]
        if len(top):
            top[-1].tail = (top[-1].tail or "") + text
        else:
            top.text = (top.text or "") + text

    def _end(self, name):
        if not self.stack:
            self.closed = True
            return
        element = self.stack.pop()
        if not self.stack:
            self.elements.append(element)


class Wire:
    """The TCP connection, and TLS on it once it was started."""

    def __init__(self, address, before=b"", source=None):
        self.socket = socket.create_connection(address, TIMEOUT, (source, 0) if source else None)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.tls = None
        if before:
            self.socket.sendall(before)

    def start_tls(self, name="localhost", certificate=None, alpn=None, version=None,
                  ciphers=None, session=None):
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        if ciphers:
            context.set_cipher_list(ciphers)
        if version:
            context.set_min_proto_version(version)
            context.set_max_proto_version(version)
        if certificate:
            context.use_certificate_file(str(certificate[0]))
            context.use_privatekey_file(str(certificate[1]))
        if alpn:
            context.set_alpn_protos(alpn)
        self.tls = SSL.Connection(context, None)
        self.tls.set_connect_state()
        if session:
            self.tls.set_session(session)
        if name:
            self.tls.set_tlsext_host_name(name.encode())
        self._handshake()

    def _handshake(self):
        while True:
            try:
                self.tls.do_handshake()
                self._flush()
                return
            except SSL.WantReadError:
                self._flush()
                self._fill(time.monotonic() + TIMEOUT)

    def _flush(self):
        while True:
            try:
                self.socket.sendall(self.tls.bio_read(65536))
            except SSL.WantReadError:
                return

    def _fill(self, deadline):
        data = self._receive(deadline)
        if not data:
            raise Closed(False)
        self.tls.bio_write(data)

    def _receive(self, deadline):
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("nothing came from the server in time")
        self.socket.settimeout(left)
        try:
            return self.socket.recv(65536)
        except ConnectionError:
            return b""

    def send(self, data):
        self.socket.settimeout(TIMEOUT)
        if self.tls is None:
            self.socket.sendall(data)
            return
        for at in range(0, len(data), 16384):
            self.tls.send(data[at:at + 16384])
            self._flush()

    def receive(self, deadline):
        """Some bytes; none at the end of the connection."""
        if self.tls is None:
            return self._receive(deadline)
        while True:
            try:
                return self.tls.recv(65536)
            except SSL.WantReadError:
                self._flush()
                try:
                    self._fill(deadline)
                except Closed:
                    return b""
            except (SSL.ZeroReturnError, SSL.SysCallError, SSL.Error):
                return b""

    def end(self, timeout):
        """The server closes the TCP connection, whatever bytes it sends before."""
        deadline = time.monotonic() + timeout
        while self._receive(deadline):
            pass

    def exporter(self):
        """tls-exporter, RFC 9266."""
        return self.tls.export_keying_material(b"EXPORTER-Channel-Binding", 32, b"")

    def close(self):
        self.socket.close()


def bytes_of(data):
    return data if isinstance(data, bytes) else data.encode()


class Raw:
    """A stream to the server, in whatever state the test has brought it to."""

    def __init__(self, address, domain="localhost", before=b"", source=None):
        self.domain = domain
        self.wire = Wire(address, before, source)
        self.incoming = Incoming()
        self.features = None
        self.jid = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.wire.close()

    def close(self):
        self.wire.close()

    # Sending.

    def send(self, data):
        self.wire.send(bytes_of(data))

    def header(self, to=None, ns="jabber:client", version="1.0", extra=""):
        to = self.domain if to is None else to
        version = f" version='{version}'" if version else ""
        to = f" to='{to}'" if to else ""
        return (f"<?xml version='1.0'?><stream:stream xmlns='{ns}'"
                f" xmlns:stream='http://etherx.jabber.org/streams'{to}{version}{extra}>")

    # Receiving.

    def poll(self, deadline):
        data = self.wire.receive(deadline)
        if not data:
            raise Closed(self.incoming.closed)
        self.incoming.feed(data)

    def next(self, timeout=TIMEOUT):
        """The next element; StreamError or Closed when that is what comes."""
        deadline = time.monotonic() + timeout
        while not self.incoming.elements:
            if self.incoming.closed:
                raise Closed(True)
            self.poll(deadline)
        element = self.incoming.elements.pop(0)
        if element.tag == STREAMS + "error":
            raise StreamError(element)
        return element

    def expect(self, tag, timeout=TIMEOUT):
        element = self.next(timeout)
        assert element.tag == tag, ET.tostring(element)
        return element

    def until(self, wanted, timeout=TIMEOUT):
        """The first element for which wanted(element) is true; others are dropped."""
        deadline = time.monotonic() + timeout
        while True:
            element = self.next(max(0.001, deadline - time.monotonic()))
            if wanted(element):
                return element

    def error(self, timeout=TIMEOUT):
        """The condition of the stream error that comes next; then the connection is closed."""
        try:
            while True:
                self.next(timeout)
        except StreamError as error:
            self.closed(timeout)
            return error.condition

    def closed(self, timeout=TIMEOUT):
        """The server closes the connection, whatever it says before."""
        deadline = time.monotonic() + timeout
        try:
            while True:
                self.poll(deadline)
        except Closed:
            return
        except expat.ExpatError as error:
            raise AssertionError(f"after the end of the stream: {error}") from error

    # The steps of a log-in.

    def open(self, **how):
        """A new stream; its features."""
        self.incoming = Incoming()
        self.send(self.header(**how))
        self.features = self.next()
        assert self.features.tag == STREAMS + "features", ET.tostring(self.features)
        return self

    def starttls(self, **how):
        self.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
        self.expect(TLS + "proceed")
        self.wire.start_tls(**{"name": self.domain, **how})
        return self.open()

    def mechanisms(self):
        return [m.text for m in self.features.iter(SASL + "mechanism")]

    def auth(self, mechanism, initial=None):
        self.send(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='{mechanism}'>"
                  f"{'' if initial is None else initial}</auth>")

    def response(self, data):
        self.send(f"<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{data}</response>")

    def verdict(self, timeout=TIMEOUT):
        """"success", or the condition of a failure, of the SASL exchange; self.text is what it says besides."""
        element = self.next(timeout)
        if element.tag == SASL + "success":
            return "success"
        assert element.tag == SASL + "failure", ET.tostring(element)
        self.text = element.findtext(SASL + "text")
        return next(c.tag[len(SASL):] for c in element if c.tag != SASL + "text")

    def scram(self, mechanism, user, password, **how):
        """The verdict; after a success the server's own proof was checked."""
        binding = self.wire.exporter() if mechanism.endswith("-PLUS") else None
        exchange = scram.Scram(mechanism, user, password, **{"binding": binding, **how})
        self.auth(mechanism, exchange.first())
        element = self.next()
        if element.tag == SASL + "challenge":
            self.response(exchange.final(element.text))
            element = self.next()
        if element.tag == SASL + "success":
            exchange.check(element.text)
            return "success"
        return next(c.tag[len(SASL):] for c in element if c.tag != SASL + "text")

    def login(self, user, password, mechanism="SCRAM-SHA-1"):
        """As far as the features after authentication."""
        self.open().starttls()
        verdict = self.scram(mechanism, user, password)
        assert verdict == "success", verdict
        return self.open()

    def bind(self, resource=None):
        wish = f"<resource>{resource}</resource>" if resource else ""
        reply = self.iq("set", f"<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>{wish}</bind>")
        assert reply.get("type") == "result", ET.tostring(reply)
        self.jid = reply.findtext(f"{BIND}bind/{BIND}jid")
        return self

    # Stanzas.

    def iq(self, kind, child, to=None, id=None, timeout=TIMEOUT):
        """Sends a request and returns its answer; what comes before is dropped."""
        self.serial = getattr(self, "serial", 0) + 1
        id = id or f"q{self.serial}"
        to = f" to='{to}'" if to else ""
        self.send(f"<iq type='{kind}' id='{id}'{to}>{child}</iq>")
        return self.until(lambda e: e.tag == CLIENT + "iq" and e.get("id") == id
                          and e.get("type") in ("result", "error"), timeout)

    def ping(self, to=None, timeout=TIMEOUT):
        """All that was sent before has been handled: a ping came back.  Returns what else came."""
        self.serial = getattr(self, "serial", 0) + 1
        id = f"ping{self.serial}"
        to = f" to='{to}'" if to else ""
        self.send(f"<iq type='get' id='{id}'{to}><ping xmlns='urn:xmpp:ping'/></iq>")
        others = []
        while True:
            element = self.next(timeout)
            if element.tag == CLIENT + "iq" and element.get("id") == id:
                return others
            others.append(element)

    def available(self, priority=None):
        """Initial presence, and its own echo."""
        inner = "" if priority is None else f"<priority>{priority}</priority>"
        self.send(f"<presence>{inner}</presence>")
        self.ping()
        return self

    def message(self, to, body, type="chat", id="m1"):
        self.send(f"<message to='{to}' type='{type}' id='{id}'><body>{body}</body></message>")

    def next_message(self, timeout=TIMEOUT):
        return self.until(lambda e: e.tag == CLIENT + "message", timeout)


def condition(stanza):
    """(type, condition) of an error stanza."""
    error = stanza.find(CLIENT + "error")
    assert stanza.get("type") == "error" and error is not None, ET.tostring(stanza)
    return error.get("type"), next(c.tag[len(STANZA_ERRORS):] for c in error
                                   if c.tag.startswith(STANZA_ERRORS) and "}text" not in c.tag)


def body(message):
    return message.findtext(CLIENT + "body")
