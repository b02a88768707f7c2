"""A component that says exactly what a test wants: somebody abroad, as the server sees it."""
import hashlib
import time

from suite import PATIENCE, free_port
from xmpp import Raw

NAME, SECRET = "gate.localhost", "the-gate-s-secret"
NS = "{jabber:component:accept}"


def configure(suite):
    """Makes the instance serve the component; before its start."""
    suite.init()
    suite.configure()
    suite.component_port = free_port()
    secret = suite.home / "gate.secret"
    secret.write_text(SECRET + "\n")
    secret.chmod(0o644)
    suite.edit(**{f'component "{NAME}".secret': str(secret), f'component "{NAME}".name': "The gate",
                  "c2sd.listen_component": [f"127.0.0.1:{suite.component_port}"]})
    return suite


class Gate(Raw):
    def __init__(self, suite):
        super().__init__(("127.0.0.1", suite.component_port), NAME)
        self.suite = suite
        self.send(self.header(ns="jabber:component:accept", version=None))
        while self.incoming.header is None:
            self.poll(time.monotonic() + PATIENCE)
        id = self.incoming.header.get("id")
        self.send(f"<handshake>{hashlib.sha1((id + SECRET).encode()).hexdigest()}</handshake>")
        assert self.next().tag == NS + "handshake"

    def round(self):
        """All that was sent before is judged; what came meanwhile."""
        self.serial = getattr(self, "serial", 0) + 1
        id = f"round{self.serial}"
        self.send(f"<iq type='get' id='{id}' from='{NAME}' to='localhost'>"
                  "<ping xmlns='urn:xmpp:ping'/></iq>")
        came = []
        while True:
            element = self.next()
            if element.get("id") == id:
                return came
            came.append(element)

    def presences(self):
        return [(e.get("from"), e.get("to"), e.get("type")) for e in self.round()
                if e.tag == NS + "presence"]
