"""A program with a daemon's credentials says everything that the bus lets it say, and all that it does not (S28).

What it says is made from lib/bus/messages.def, so that a new message is tried by itself.  Whatever it is, the others'
service is as before; what breaks a rule costs the link, and the log says so once.
"""
import pytest

import bus
from hostile import PEERS, Bystander, Evil, allowed, bounds, forbidden, framed, full, spoilt
from suite import eventually


@pytest.fixture(scope="module")
def attacked(make_shared):
    return make_shared(s2s=True)


@pytest.fixture
def others(attacked, raw):
    made = Bystander(attacked, raw)
    yield made
    made.unharmed()


@pytest.fixture
def evil(attacked):
    """evil(role) makes links."""
    made = []

    def make(role="C2S", **how):
        made.append(Evil(attacked, role, **how))
        return made[-1]
    yield make
    for one in made:
        one.socket.close()
    names = {one.instance for one in made}
    eventually(lambda: not names & set(attacked.pids()), "the end of its links")


@pytest.mark.parametrize("role", PEERS)
def test_i4_s28_what_the_table_denies_a_role_costs_it_the_link(others, evil, role):
    """architecture.md, invariant 4: a role can send only its messages."""
    for message in forbidden(role):
        peer = evil(role)
        peer.write(framed(message, full(message)))
        peer.costs_it_the_link("is not allowed from")
    others.chats()


@pytest.mark.parametrize("role", PEERS)
def test_i4_s28_what_is_malformed_costs_the_link_and_is_logged_once(others, evil, role):
    """architecture.md, invariant 4: a malformed frame costs its sender the link and is logged; nobody else notices."""
    for message in allowed(role):
        for what, frame in spoilt(message):
            peer = evil(role)
            if role == "C2S":
                peer.number = 0
            peer.write(frame)
            try:
                peer.costs_it_the_link()
            except (AssertionError, TimeoutError) as error:
                raise AssertionError(f"{message.name}, {what}") from error
        others.chats()


@pytest.mark.parametrize("role", PEERS)
def test_s28_fields_at_their_bounds_harm_nobody(others, evil, role):
    """With the numbers of connections that are not there, are another's, or were some day."""
    theirs = int(others.suite.rows("session", "list")[0]["connection"])
    for message in allowed(role):
        for subject in (0, 1, theirs, (1 << 64) - 1):
            for _, values in bounds(message):
                peer = evil(role)
                peer.send(message.name, subject, **values)
                peer.leave()
        others.chats()
