"""What any client's person does with it, with five clients of other people: scripted.py."""
import pytest

import scripted
from im import is_presence, roster, send
from xmpp import body, condition


@pytest.fixture
def log_in(suite):
    made = []

    def log_in(name, jid):
        made.append(scripted.log_in(name, suite, jid))
        return made[-1]
    yield log_in
    for client in made:
        client.close()


def become_contacts(alice, bob):
    """Each asks, each approves; each sees the other."""
    alice.subscribe("bob@localhost")
    bob.until(is_presence("subscribe", "alice@localhost"))
    bob.send("<presence><status>at work</status></presence>")
    send(bob, "alice@localhost", "subscribed")
    alice.sees(bob.jid, "at work")
    send(bob, "alice@localhost", "subscribe")
    alice.approve("bob@localhost")
    bob.until(is_presence("subscribed", "alice@localhost"))
    bob.until(is_presence(None, alice.jid))


def chat(alice, bob):
    alice.send(bob.jid, "hello <bob> & co")
    assert body(bob.next_message()) == "hello <bob> & co"
    bob.message(alice.jid, "hello alice")
    alice.gets(bob.jid, "hello alice")


def leave(alice, bob):
    alice.quit()
    bob.until(is_presence("unavailable", alice.jid))
    for n in range(3):
        bob.message("alice@localhost", f"while away {n}")
    bob.ping()


def block_and_unblock(alice, bob):
    alice.block("bob@localhost")
    bob.until(is_presence("unavailable", alice.jid))
    bob.message(alice.jid, "hidden")
    assert condition(bob.next_message())[1] == "service-unavailable"
    alice.unblock("bob@localhost")
    bob.until(is_presence(None, alice.jid))
    bob.message(alice.jid, "shown again")
    alice.gets(bob.jid, "shown again")
    assert alice.never_got("hidden")


@pytest.mark.section("RFC 6121 2.3", "RFC 6121 3.1", "XEP-0160", "XEP-0191")
@pytest.mark.parametrize("name", scripted.NAMES)
def test_a_person_gets_along_with_this_client(suite, raw, log_in, name):
    bob = raw(suite, "bob", "desk")
    roster(bob)
    alice = log_in(name, "alice@localhost/first")
    become_contacts(alice, bob)
    chat(alice, bob)
    leave(alice, bob)
    back = log_in(name, "alice@localhost/second")
    back.gets_delayed(bob.jid, [f"while away {n}" for n in range(3)])
    back.sees(bob.jid, "at work")
    bob.until(is_presence(None, back.jid))
    block_and_unblock(back, bob)
