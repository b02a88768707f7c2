"""Who has not shown who he is may be many, but not in the way of others (attacks.md, S6)."""
import pytest

from federation import net  # noqa: F401 (a fixture)
from remote import Server, Stream
from suite import eventually
from xmpp import Closed, Raw, StreamError

ALICE, PASSWORD = "alice", "alice-1"


def gets_in(stream):
    """It is let in; else it is told why not."""
    try:
        stream.open()
        return True
    except StreamError as error:
        assert error.condition == "resource-constraint"
    except (Closed, OSError):
        pass
    return False


@pytest.fixture
def open_from():
    made = []

    def make(suite, source):
        made.append(Raw(suite.address, source=source))
        return made[-1]
    yield make
    for stream in made:
        stream.close()


def test_the_silent_make_room_for_the_quick(make_suite, open_from):
    suite = make_suite(settings={"c2sd.connections_before_auth": 4, "c2sd.auth_timeout": 9},
                       accounts={"alice@localhost": PASSWORD})
    silent = [open_from(suite, f"127.0.5.{n}").open() for n in range(1, 5)]
    assert not gets_in(open_from(suite, "127.0.5.9"))

    def logs_in():
        stream = open_from(suite, "127.0.5.9")
        if gets_in(stream):
            stream.starttls()
            return stream.scram("SCRAM-SHA-256", ALICE, PASSWORD) == "success"
    eventually(logs_in, "room for one who logs in")
    assert silent[0].error() == "resource-constraint"
    suite.log.wait("others wait to log in")
    assert gets_in(open_from(suite, "127.0.5.9")), "who has logged in is none of the strangers"


def test_in_a_crowd_an_address_may_have_eight(make_suite, open_from):
    suite = make_suite(settings={"c2sd.connections_before_auth": 40})
    for _ in range(20):
        assert gets_in(open_from(suite, "127.0.5.1"))
    assert not gets_in(open_from(suite, "127.0.5.1"))
    assert [gets_in(open_from(suite, "127.0.5.2")) for _ in range(9)] == [True] * 8 + [False]


def test_silent_servers_make_room_too(net, make_suite):  # noqa: F811
    suite = net.instance(make_suite, "one.example", "alice", {"s2sd.connections_before_auth": 2, "s2sd.auth_timeout": 6})
    net.dns.start()
    suite.start()
    silent = [Stream(suite, "evil.example", source=f"127.0.5.{n}").open() for n in (1, 2)]
    assert not gets_in(Stream(suite, "good.example", source="127.0.5.3"))
    certificate = net.authority.server("good.example")
    good = []

    def is_let_in():
        good.append(Stream(suite, "good.example", source="127.0.5.3", certificate=certificate))
        return gets_in(good[-1])
    eventually(is_let_in, "room for a server that says who it is")
    assert silent[0].error() == "resource-constraint"
    good[-1].starttls(certificate=certificate)
    assert good[-1].external() == "success"
    for stream in silent + good:
        stream.close()


@pytest.mark.parametrize("setting, few", [("verifications", 2), ("verifications_per_address", 2)])
def test_only_so_many_domains_are_asked_about_at_a_time(net, make_suite, setting, few):  # noqa: F811
    suite = net.instance(make_suite, "one.example", "alice", {f"s2sd.{setting}": few})
    deaf = Server("deaf")  # connects, and never answers
    for n in range(4):
        net.dns.server(f"d{n}.example", deaf.port)
    net.dns.start()
    suite.start()
    stream = Stream(suite, "d0.example").begin()
    for n in range(3):
        stream.result(sender=f"d{n}.example")
    assert stream.answer() == ("error", "resource-constraint")
    stream.close()
    other = Stream(suite, "d3.example").begin()

    def is_asked():
        other.result(sender="d3.example")
        try:
            other.next(0.5)
            return False
        except TimeoutError:
            return True
    eventually(is_asked, "the questions of the first stream being forgotten")
    other.close()
    deaf.close()
