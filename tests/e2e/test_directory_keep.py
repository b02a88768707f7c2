"""What belonged to somebody who has gone from the directory is kept for a while, and nobody else gets it."""
import os
import signal
import time

import pytest

import bus
from im import befriend, next_push, roster, settle, stored
from slapd import make_slapd, slapd  # noqa: F401 (fixtures)
from suite import eventually, pause
from test_directory_login import log_in, start  # noqa: F401 (a fixture)
from test_directory_sync import disable, enable
from xmpp import body

ALICE, BOB = "alice@localhost", "bob@localhost"
DELETED, DISABLED = 1, 2  # enum account_change


def begin(slapd, start, **settings):  # noqa: F811
    """Alice and bob see each other; a message waits for alice, who is not there."""
    slapd.add("alice"), slapd.add("bob")
    suite = start(slapd, **settings)
    suite.log.wait("directory-followed .*accounts=2")
    alice, suite.bob = log_in(suite, "alice").available(), log_in(suite, "bob").available()
    befriend(alice, suite.bob)
    settle(alice, suite.bob)
    mark = suite.log.mark()
    alice.close()
    suite.log.wait("session-closed", since=mark)
    suite.bob.message(ALICE, "for alice")
    roster(suite.bob)
    return suite


@pytest.fixture
def kept(slapd, start):  # noqa: F811
    suite = begin(slapd, start)
    yield suite
    suite.bob.close()


@pytest.fixture
def short(slapd, start):  # noqa: F811
    """The same, and nothing is kept for longer than a second."""
    suite = begin(slapd, start, keep=1)
    yield suite
    suite.bob.close()


def has_all(suite):
    alice = log_in(suite, "alice")
    assert roster(alice)[BOB].state == "both"
    assert [body(m) for m in stored(alice)] == ["for alice"]
    alice.close()


def has_nothing(suite):
    alice = log_in(suite, "alice")
    assert roster(alice) == {}
    assert stored(alice) == []
    alice.close()


def lost(suite):
    """Bob hears that nothing is between him and alice any more."""
    pushes = [next_push(suite.bob)]
    while pushes[-1].subscription != "none":
        pushes.append(next_push(suite.bob))
    assert {p.jid for p in pushes} == {ALICE}


def remove(slapd, suite):  # noqa: F811
    mark = suite.log.mark()
    slapd.delete("alice")
    suite.log.wait("account-revoked .*account=alice", since=mark)


def identity(slapd):  # noqa: F811
    found = slapd.tool("ldapsearch", "-LLL", "-b", slapd.person_dn("alice"), "entryUUID").stdout
    return found.split("entryUUID: ")[1].split()[0]


# Within that time.

def test_who_is_enabled_again_has_what_he_had(slapd, kept):  # noqa: F811
    disable(slapd, "alice")
    kept.log.wait("account-revoked")
    enable(slapd, "alice")
    has_all(kept)


def test_who_comes_back_has_what_he_had(slapd, kept):  # noqa: F811
    who = identity(slapd)
    remove(slapd, kept)
    slapd.tool("ldapadd", "-e", "relax", input=slapd.person("alice", entryUUID=who))
    has_all(kept)


def test_another_entry_of_that_name_gets_nothing(slapd, kept):  # noqa: F811
    remove(slapd, kept)
    slapd.add("alice")
    lost(kept)
    has_nothing(kept)


def test_nor_when_that_was_not_seen(slapd, kept):  # noqa: F811
    """Removed and added while the directory was away: one refresh tells of both."""
    with slapd.unseen():
        slapd.delete("alice")
        slapd.add("alice")
    kept.log.wait("account-erased .*account=alice")
    has_nothing(kept)


def test_nor_when_somebody_who_is_there_takes_the_name(slapd, kept):  # noqa: F811
    """Carol becomes alice, and brings what is hers."""
    slapd.add("carol")
    carol = log_in(kept, "carol").available()
    befriend(carol, kept.bob)
    remove(slapd, kept)
    slapd.tool("ldapmodrdn", "-r", slapd.person_dn("carol"), "uid=alice")
    kept.log.wait("account-moved account=carol@localhost to=alice@localhost")
    alice = log_in(kept, "alice")
    assert roster(alice)[BOB].state == "both"
    assert stored(alice) == []
    alice.close(), carol.close()


def test_the_second_of_a_name_gets_nothing_either(slapd, kept):  # noqa: F811
    slapd.tool("ldapadd", input="dn: ou=more,ou=people,dc=example\nobjectClass: organizationalUnit\nou: more\n\n"
               + slapd.person("alice", below="ou=more,ou=people,dc=example"))
    kept.log.wait("account-twice .*account=alice")
    slapd.delete("alice")
    kept.log.wait('account-erased .*account=alice reason="another entry has got its name"')
    has_nothing(kept)


def test_what_is_to_be_erased_is_remembered_by_dirsyncd(slapd, kept):  # noqa: F811
    remove(slapd, kept)
    mark = kept.log.mark()
    os.kill(kept.pids()["dirsyncd"], signal.SIGKILL)
    kept.log.wait("directory-followed", since=mark)
    slapd.add("alice")
    lost(kept)
    has_nothing(kept)


# After that time.

@pytest.mark.parametrize("leave", [lambda slapd: slapd.delete("alice"), lambda slapd: disable(slapd, "alice")],
                         ids=["removed", "disabled"])
def test_it_is_erased(slapd, short, leave):  # noqa: F811
    leave(slapd)
    short.log.wait('account-erased .*account=alice reason="it has been kept long enough"')
    lost(short)


def test_it_is_erased_when_routerd_was_away(slapd, short):  # noqa: F811
    router = short.pids()["routerd"]
    pause(router)
    mark = short.log.mark()
    slapd.delete("alice")
    short.log.wait("account-erased .*account=alice", since=mark)
    os.kill(router, signal.SIGKILL)
    short.log.wait("router-connected role=dirsyncd", since=mark)
    lost(short)


# What routerd makes of it, from whoever says it.

@pytest.fixture
def director(kept):
    with bus.Peer(kept, "DIR") as peer:
        yield peer.welcomed(instance="dirsyncd@test")


def now():
    return time.time_ns() // 1000


def test_an_account_that_was_made_later_is_not_meant(kept, director):
    director.send("ACCOUNT_CHANGED", account=ALICE, change=DELETED, generation=now() - 3600 * 1000000)
    director.send("ACCOUNT_RENAMED", account=ALICE, to="alicia@localhost", generation=now() - 3600 * 1000000)
    director.send("ACCOUNT_CHANGED", account=BOB, change=DISABLED, generation=now())
    assert kept.bob.error() == "not-authorized"  # so the others have been heard
    has_all(kept)


def test_it_may_be_said_again(kept, director):
    when = now()
    for _ in range(3):
        director.send("ACCOUNT_RENAMED", account=ALICE, to="alicia@localhost", generation=when)
    director.send("ACCOUNT_CHANGED", account=ALICE, change=DELETED, generation=when)
    kept.log.wait("account-moved account=alice@localhost to=alicia@localhost")
    eventually(lambda: roster(kept.bob).keys() == {"alicia@localhost"}, "the new name alone")
    assert roster(kept.bob)["alicia@localhost"].state == "both"
    has_nothing(kept)
    for change in ("CHANGED", "RENAMED"):
        more = {"change": DELETED} if change == "CHANGED" else {"to": "alicia@localhost"}
        director.send(f"ACCOUNT_{change}", account=ALICE, generation=when, **more)
    kept.bob.ping()
    assert len(kept.log.find("account-moved")) == 1


@pytest.mark.parametrize("account", ["alice@elsewhere.example", "alice", "alice@localhost/r", "ALICE@localhost", ""])
def test_addresses_that_no_directory_holds_are_not_heard(kept, director, account):
    director.send("ACCOUNT_CHANGED", account=account, change=DELETED, generation=now())
    director.send("ACCOUNT_RENAMED", account=account, to="alicia@localhost", generation=now())
    director.send("ACCOUNT_RENAMED", account=ALICE, to=account, generation=now())
    director.send("ACCOUNT_CHANGED", account=BOB, change=DISABLED, generation=now())
    assert kept.bob.error() == "not-authorized"
    has_all(kept)


def test_accounts_of_our_own_are_not_dirsyncd_s(slapd, make_suite, raw):  # noqa: F811
    suite = make_suite(domains=["localhost", "mine.example"], accounts={"dora@mine.example": "builder-1"},
                       settings=slapd.settings())
    dora = raw(suite, "dora", domain="mine.example")
    with bus.Peer(suite, "DIR") as peer:
        peer.welcomed(instance="dirsyncd@test")
        peer.send("ACCOUNT_CHANGED", account="dora@mine.example", change=DELETED, generation=now())
        peer.send("ACCOUNT_CHANGED", account="nobody@localhost", change=DELETED, generation=now())
        eventually(lambda: suite.rows("session", "list"), "an answer")
    assert dora.ping() is not None
