"""bulkhead-s2sd alone, with the test as its routerd; for one.example, with certificates of net.authority.

    server_front   it, and a stream of two.example's: server_front.call()
"""
import os

import pytest

import bus
from federation import net  # noqa: F401 (a fixture)
from front import CREDIT, Front, Router
from remote import Stream
from suite import PATIENCE, give_to_keyd

LOCAL, REMOTE = "one.example", "two.example"
SECRET = b"s" * 32


class ServerFront(Front):
    def __init__(self, net):  # noqa: F811
        self.net, self.streams = net, []
        super().__init__()

    def write(self, settings, components):
        run = self.dir / "run"
        run.mkdir()
        self.listener.bind(str(run / "s2s.sock"))
        os.chmod(run / "s2s.sock", 0o666)
        self.listener.listen()
        certificate, key = self.net.authority.server(LOCAL)
        give_to_keyd(key)
        (self.dir / "bulkhead.conf").write_text(
            f'run_dir = "{run}"\nstate_dir = "{self.dir}/state"\n'
            f'domain "{LOCAL}" {{ certificate = "{certificate}" key = "{key}" }}\n'
            f's2sd {{ listen = {{"127.0.0.1:{self.port}"}} ca = "{self.net.authority.file}"'
            f' resolver = "{self.net.dns.address}" }}\n')

    def start(self):
        self.start_keyd()
        self.process, self.log = self.spawn("bulkhead-s2sd")
        self.listener.settimeout(PATIENCE)
        self.router = self.accept()
        self.log.wait("for=servers")

    def accept(self, credit=True):
        router = Router(self.listener.accept()[0])
        router.expect("HELLO")
        router.send("WELCOME", version=bus.VERSION, boot=b"r" * 16)
        router.send("DIALBACK_SECRET", secret=SECRET)
        router.expect("RESTORED")
        if credit:
            router.send("CREDIT", **CREDIT)
        return router

    def lose_router(self):
        self.router.socket.close()
        self.log.wait("router-down")

    def call(self):
        """A stream of two.example's, as far as its features."""
        stream = Stream(self, REMOTE, LOCAL, port=self.port, certificate=self.net.authority.server(REMOTE))
        self.streams.append(stream)
        return stream.begin()

    def remove(self):
        for stream in self.streams:
            stream.close()
        super().remove()


@pytest.fixture
def server_front(net):  # noqa: F811
    net.dns.start()
    front = ServerFront(net)
    try:
        yield front
        front.finish()
    finally:
        front.remove()
