"""A remote server that the test plays: its streams to ours, and ours to it."""
import socket
import time

from OpenSSL import SSL

from xmpp import DIALBACK, TIMEOUT, TLS, Incoming, Raw, Wire


class Stream(Raw):
    """A stream from `remote` to our domain."""

    def __init__(self, suite, remote, local=None, port=None, certificate=None, source=None):
        self.remote, self.certificate = remote, certificate
        super().__init__(("127.0.0.1", port or suite.s2s_port), local or suite.domains[0], source=source)

    def header(self, to=None, ns="jabber:server", version="1.0", extra=None, sender=None):
        sender = self.remote if sender is None else sender
        own = " xmlns:db='jabber:server:dialback'" + (f" from='{sender}'" if sender else "")
        return super().header(to, ns, version, own if extra is None else extra)

    def begin(self, certificate=None):
        """As far as the features under TLS."""
        certificate = certificate or self.certificate
        self.open()
        return self.starttls(certificate=certificate)

    def external(self, initial="="):
        self.auth("EXTERNAL", initial)
        return self.verdict()

    def authenticate(self, certificate=None):
        self.begin(certificate)
        assert self.external() == "success"
        return self.open()

    @property
    def id(self):
        return self.incoming.header.get("id")

    def result(self, key="key", sender=None, to=None, type=None):
        type = f" type='{type}'" if type else ""
        self.send(f"<db:result from='{sender or self.remote}' to='{to or self.domain}'{type}>"
                  f"{key}</db:result>")

    def answer(self, name="result", timeout=TIMEOUT):
        """(type, condition or None) of a db:result or db:verify that comes."""
        element = self.expect(DIALBACK + name, timeout)
        error = element.find(".//{urn:ietf:params:xml:ns:xmpp-stanzas}*")
        return element.get("type"), None if error is None else error.tag.split("}")[1]

    def message(self, to, body="hello", sender=None, type="chat", id="m1"):
        sender = sender or f"mallory@{self.remote}"
        self.send(f"<message from='{sender}' to='{to}' type='{type}' id='{id}'>"
                  f"<body>{body}</body></message>")


class ServerWire(Wire):
    """The server's side of a connection."""

    def __init__(self, connection):
        self.socket, self.tls = connection, None

    def accept_tls(self, certificate, authority=None, version=None):
        context = SSL.Context(SSL.TLS_SERVER_METHOD)
        if version:
            context.set_max_proto_version(version)
        context.use_certificate_chain_file(str(certificate[0]))
        context.use_privatekey_file(str(certificate[1]))
        if authority:
            context.load_verify_locations(str(authority))
            context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
        self.tls = SSL.Connection(context, None)
        self.tls.set_accept_state()
        self._handshake()


class Called(Raw):
    """A stream that ours has opened to us."""

    def __init__(self, connection, remote):
        self.remote, self.incoming = remote, Incoming()
        self.wire = ServerWire(connection)
        self.features, self.jid = None, None

    def greeted(self, features="", id="i1", version="1.0"):
        """Its header, answered by ours with these features."""
        self.incoming = Incoming()
        deadline = time.monotonic() + TIMEOUT
        while self.incoming.header is None:
            self.poll(deadline)
        head = self.incoming.header
        version = f" version='{version}'" if version else ""
        self.send(f"<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream="
                  f"'http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback' id='{id}' "
                  f"from='{head.get('to')}' to='{head.get('from')}'{version}>")
        if version:
            self.send(f"<stream:features>{features}</stream:features>")
        return head

    def secured(self, certificate, features="", authority=None, tls=None, **how):
        """STARTTLS, of at most that version, and the next greeting."""
        self.greeted("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>")
        self.expect(TLS + "starttls")
        self.send("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
        self.wire.accept_tls(certificate, authority, tls)
        return self.greeted(features, **how)


class Server:
    """Where the domain's server listens."""

    def __init__(self, domain):
        self.domain = domain
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.listener.settimeout(TIMEOUT)
        self.streams = []

    def accept(self):
        self.streams.append(Called(self.listener.accept()[0], self.domain))
        return self.streams[-1]

    def close(self):
        for stream in self.streams:
            stream.close()
        self.listener.close()

