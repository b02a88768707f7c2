"""What s2sd says on the bus, with the test as its routerd."""
import pytest

from federation import net  # noqa: F401 (a fixture)
from front import CREDIT
from server_front import LOCAL, REMOTE, server_front  # noqa: F401 (a fixture)

PAIR = {"local": LOCAL.encode(), "remote": REMOTE.encode()}


def proved(front, router, subject=None):
    """Answers PROVE and BIND."""
    _, connection, said = router.expect("PROVE")
    assert subject in (None, connection)
    assert {name: said[name] for name in PAIR} == PAIR
    router.send("PROVEN", connection, condition=0, **PAIR)
    router.expect("BIND")
    router.send("BOUND", connection, session=b"s" * 16, epoch=1, jid=f"{REMOTE}/{LOCAL}")
    return connection


def test_who_says_who_it_is_while_routerd_restarts_waits_for_it(server_front):  # noqa: F811
    stream = server_front.call()
    server_front.lose_router()
    stream.auth("EXTERNAL", "=")
    server_front.router = server_front.accept()
    proved(server_front, server_front.router)
    assert stream.verdict() == "success"


@pytest.mark.parametrize("asked", ["PROVE", "BIND"])
def test_and_so_does_who_has_asked_a_routerd_that_dies(server_front, asked):  # noqa: F811
    stream = server_front.call()
    stream.auth("EXTERNAL", "=")
    _, connection, _ = server_front.router.expect("PROVE")
    if asked == "BIND":
        server_front.router.send("PROVEN", connection, condition=0, **PAIR)
        server_front.router.expect("BIND")
    server_front.lose_router()
    server_front.router = server_front.accept()
    proved(server_front, server_front.router, connection)
    assert stream.verdict() == "success"


def test_nothing_overtakes_what_a_new_routerd_is_told_first(server_front):  # noqa: F811
    """PROVE is urgent, RESTORE is not: it waits for CREDIT."""
    stream = server_front.call()
    server_front.lose_router()
    stream.auth("EXTERNAL", "=")
    server_front.router = server_front.accept(credit=False)
    server_front.router.silent("PROVE")
    server_front.router.send("CREDIT", **CREDIT)
    proved(server_front, server_front.router)
    assert stream.verdict() == "success"
