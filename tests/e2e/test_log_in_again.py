"""A client gives a log-in up and begins anew, while what is said of the first one is on its way: it is about nothing."""
import contextlib

import pytest

from front import PLAIN, front, make_front  # noqa: F401 (fixtures)
from hostile import Bystander
from test_hostile import evil  # noqa: F401 (a fixture)
from test_hostile_sessions import ALICE, BOB, CAROL, judged, sessions_of, verdict  # noqa: F401 (a fixture)
from xmpp import SASL

NOT_AUTHORIZED = 10  # enum sasl_error
ABORT = "<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"
AGAIN = f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{PLAIN}</auth>"


@pytest.fixture
def twice(front):  # noqa: F811
    """It has given up what it began with SCRAM, and begun with PLAIN; twice.connection."""
    client = front.secure()
    client.auth("SCRAM-SHA-256", "biwsbj1hbGljZSxyPXh4")
    _, client.connection, client.first = front.router.expect("AUTH_BEGIN")
    client.send(ABORT + AGAIN)
    assert front.router.expect("AUTH_ABORT")[2]["attempt"] == client.first["attempt"]
    assert client.next().tag == SASL + "failure"
    client.second = front.router.expect("AUTH_BEGIN")[2]
    assert client.second["attempt"] != client.first["attempt"]
    return client


def test_an_old_challenge_is_not_for_it(front, twice):  # noqa: F811
    front.router.send("AUTH_CHALLENGE", twice.connection, data=b"cj14eA==", attempt=twice.first["attempt"])
    front.router.send("AUTH_RESULT", twice.connection, condition=0, account=ALICE)
    assert twice.verdict() == "success"


@pytest.mark.parametrize("condition", [0, NOT_AUTHORIZED])
def test_nor_is_an_old_verdict(front, twice, condition):  # noqa: F811
    front.router.send("AUTH_RESULT", twice.connection, condition=condition, attempt=twice.first["attempt"],
                      account=ALICE if condition == 0 else None)
    front.router.silent("CLOSED")
    front.router.send("AUTH_RESULT", twice.connection, condition=NOT_AUTHORIZED)
    assert twice.verdict() == "not-authorized"
    twice.auth("PLAIN", PLAIN)
    front.router.judge()
    assert twice.verdict() == "success"


# routerd's side.

@pytest.fixture(scope="module")
def attacked(make_shared):
    return make_shared(accounts={ALICE: "wonderland-1", BOB: "builder-2", CAROL: "carol-3"},
                       settings={"authd.guess_limit": 100000, "authd.address_limit": 1000000})


@pytest.fixture
def others(attacked, raw):
    made = Bystander(attacked, raw)
    yield made
    made.unharmed()


def test_an_old_response_goes_to_nobody(others, judged):  # noqa: F811
    peer, authd, connection, conversation = judged
    authd.send("AUTH_CHALLENGE", conversation, data="YQ==")
    assert peer.expect("AUTH_CHALLENGE")[2]["attempt"] == 0
    peer.begin(connection, "carol", "a guess", mechanism="SCRAM-SHA-1", initial="biwsbj1jYXJvbCxyPXh4",
               offered="SCRAM-SHA-1", attempt=1)
    peer.send("AUTH_STEP", connection, data="Yg==", attempt=0)
    peer.send("AUTH_ABORT", connection, attempt=0)
    peer.begin(connection, "carol", attempt=2)
    with contextlib.suppress(TimeoutError):  # where the honest one judges it
        while True:
            name, conversation, _ = authd.next(0.5)
            if name == "AUTH_BEGIN":
                verdict(authd, conversation)
    result = peer.expect("AUTH_RESULT")[2]
    assert (result["condition"], result["attempt"]) == (0, 2)


def test_who_had_given_up_when_he_was_let_in_begins_anew(others, evil):  # noqa: F811
    peer = evil()
    peer.begin(1, "bob", attempt=1)
    assert peer.expect("AUTH_RESULT")[2]["condition"] == 0
    peer.begin(1, "carol", attempt=2)  # its abort of the first came after the verdict
    result = peer.expect("AUTH_RESULT")[2]
    assert (result["condition"], result["attempt"]) == (0, 2)
    peer.send("BIND", 1, resource="second")
    assert peer.expect("BOUND")[2]["jid"] == b"carol@localhost/second"
    peer.begin(1, "bob", attempt=3)  # now it is in use
    peer.costs_it_the_link("AUTH_BEGIN")


def test_who_gives_up_after_all_is_nobody(others, evil):  # noqa: F811
    peer = evil()
    peer.begin(1, "carol", attempt=1)
    assert peer.expect("AUTH_RESULT")[2]["condition"] == 0
    peer.send("AUTH_ABORT", 1, attempt=1)
    peer.send("BIND", 1, resource="none")
    peer.costs_it_the_link("BIND")
    assert sessions_of(others.suite, CAROL) == []
