"""A routerd that has been taken over: c2sd, s2sd and authd stand what it says, and come back to the next one.

It is trusted with stanzas; but it must not get into another process by what it says on the bus.
"""
import os
import random

import pytest

import bus
import certificates
from federation import net  # noqa: F401 (a fixture)
from front import Front, Router, make_front  # noqa: F401 (a fixture)
from hostile import allowed, bounds, spoilt
from server_front import server_front  # noqa: F401 (a fixture)
from suite import eventually

ENDS_IT = {"RESTART", "DRAIN"}  # an order, which is obeyed


class AuthFront(Front):
    """bulkhead-authd alone."""

    def __init__(self):
        super().__init__()

    def write(self, settings, components):
        run = self.dir / "run"
        run.mkdir()
        self.listener.bind(str(run / "auth.sock"))
        os.chmod(run / "auth.sock", 0o666)
        self.listener.listen()
        certificate, key = certificates.write(self.dir, "localhost")
        (self.dir / "bulkhead.conf").write_text(
            f'run_dir = "{run}"\nstate_dir = "{self.dir}/state"\n'
            f'domain "localhost" {{ certificate = "{certificate}" key = "{key}" }}\nauthd {{ iterations = 4096 }}\n')

    def start(self):
        self.process, self.log = self.spawn("bulkhead-authd")
        self.listener.settimeout(5)
        try:
            self.router = self.accept()
        except TimeoutError:
            raise AssertionError(self.log.text()) from None

    def accept(self, credit=True):
        router = Router(self.listener.accept()[0])
        router.expect("HELLO")
        router.send("WELCOME", version=bus.VERSION, boot=b"r" * 16)
        return router

    def finish(self):
        from front import end_well
        end_well(self.process, self.log)

    def remove(self):
        self.keyd = self.process
        super().remove()


@pytest.fixture
def auth_front():
    front = AuthFront()
    try:
        yield front
        front.finish()
    finally:
        front.remove()


def answers(front):
    """It is there, on this link or on the next one: the daemon has not died."""
    try:
        front.router.send("STATS_GET", 77)
        while front.router.next()[0] != "STATS":
            pass
    except bus.Gone:
        front.router = front.accept()
    assert front.process.poll() is None, front.log.text()[-3000:]


def say_everything(front, role, subjects):
    """Of what is malformed one kind for each message: it comes back later each time."""
    for n, message in enumerate(allowed("ROUTER", role)):
        wrong = [frame for _, frame in spoilt(message)]
        front.router.write(wrong[n % len(wrong)])
        answers(front)
        if message.name in ENDS_IT:
            continue
        some = random.Random(n).sample([v for _, v in bounds(message)], k=min(3, len(list(bounds(message)))))
        for m, values in enumerate(some):
            front.router.send(message.name, subjects[m % len(subjects)], **values)
            answers(front)


def test_s28_c2sd_stands_a_hostile_routerd(make_front):  # noqa: F811
    """With a client that is bound, one that is judged, and one who is nobody."""
    front = make_front()
    _, bound = front.bound()
    judged = front.secure()
    judged.auth("PLAIN", "AGFsaWNlAHNlY3JldA==")
    _, connection, _ = front.router.expect("AUTH_BEGIN")
    front.secure()
    say_everything(front, "C2S", (0, bound, connection, 1 << 63))
    front.router.send("MECHANISMS", domain="localhost", mechanisms="PLAIN")
    eventually(lambda: "PLAIN" in front.secure().mechanisms(), "a client that is served as before")


def test_s28_s2sd_stands_a_hostile_routerd(server_front):  # noqa: F811
    stream = server_front.call()
    stream.auth("EXTERNAL", "=")
    _, connection, _ = server_front.router.expect("PROVE")
    say_everything(server_front, "S2S", (0, connection, 1 << 63))
    server_front.call()


def test_s28_authd_stands_a_hostile_routerd(auth_front):
    say_everything(auth_front, "AUTH", (0, 1, 1 << 63))
    auth_front.router.send("ACCOUNT_LOOKUP", 5, account="nobody@localhost")
    assert auth_front.router.expect("ACCOUNT_FOUND")[1] == 5


@pytest.mark.parametrize("text", ["</challenge><message from='admin@localhost'><body>x</body></message>", "a&b", "<"])
def test_i3_s28_a_hostile_authd_does_not_break_out_of_its_challenge(make_front, text):  # noqa: F811
    """Base64 is what c2sd expects from authd; the stream stays whole whatever comes."""
    front = make_front()
    client = front.secure()
    client.auth("SCRAM-SHA-1", "biws")
    _, connection, _ = front.router.expect("AUTH_BEGIN")
    front.router.send("AUTH_CHALLENGE", connection, data=text)
    assert client.next().text == text
    client.response("YQ==")
    front.router.expect("AUTH_STEP")
    front.router.send("AUTH_RESULT", connection, condition=0, account="alice@localhost", final=text)
    assert client.next().text == text
    client.open()
