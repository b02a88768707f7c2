"""Real clients of other people: libstrophe in C, and profanity in a terminal."""
import pytest

from scripted import Program
from terminal import Profanity


@pytest.fixture
def strophe():
    made = []

    def make(suite, jid):
        made.append(Program("libstrophe", suite, jid))
        return made[-1]
    yield make
    for client in made:
        client.close()


@pytest.fixture
def profanity():
    with Profanity() as terminal:
        yield terminal


def test_two_libstrophe_clients_chat(suite, strophe):
    alice, bob = strophe(suite, "alice@localhost/a"), strophe(suite, "bob@localhost/b")
    assert (alice.jid, bob.jid) == ("alice@localhost/a", "bob@localhost/b")
    for n in range(100):
        alice.send("bob@localhost/b", f"there <&> {n}")
        assert bob.expect("message ") == f"alice@localhost/a there <&> {n}"
        bob.send("alice@localhost/a", f"back {n}")
        assert alice.expect("message ") == f"bob@localhost/b back {n}"
    alice.quit()


def test_libstrophe_and_slixmpp_chat(suite, strophe, chat):
    alice, bob = strophe(suite, "alice@localhost/a"), chat(suite, "bob@localhost/b")
    alice.send("bob@localhost/b", "one two")
    assert bob.receive() == ("alice@localhost/a", "one two")
    bob.send("alice@localhost/a", "three")
    assert alice.expect("message ") == "bob@localhost/b three"


def test_slixmpp_as_it_comes_logs_in(suite, chat):
    """With the mechanisms that it may use in the end: see client.without_false_binding()."""
    client = chat(suite, "alice@localhost/a", untouched=True)
    client.ping()
    row = next(r for r in suite.rows("session", "list") if r["jid"] == client.jid)
    assert row["mechanism"] == "PLAIN"


def test_a_person_chats_with_profanity(suite, profanity, chat):
    bob = chat(suite, "bob@localhost/b")
    profanity.login("alice@localhost", suite.password("alice@localhost"), suite.port)
    assert any(r["jid"].startswith("alice@localhost/") for r in suite.rows("session", "list"))
    profanity.say("bob@localhost", "hello from the terminal")
    sender, text = bob.receive()
    assert sender.startswith("alice@localhost/") and text == "hello from the terminal"
    bob.send(sender, "and back to it")
    profanity.until("and back to it")
    profanity.type("/disconnect")
    profanity.until("logged out")


def test_profanity_shows_a_refused_log_in(suite, profanity):
    profanity.type(f"/connect alice@localhost server 127.0.0.1 port {suite.port} tls trust")
    profanity.until("Enter password")
    profanity.type("not the password")
    profanity.until("Login failed")
