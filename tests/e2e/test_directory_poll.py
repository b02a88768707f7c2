"""A directory that does not tell what changes is asked, again and again."""
import os
import signal

import pytest

from slapd import READER, make_slapd  # noqa: F401 (a fixture)
from suite import pause
from test_directory_login import attempt, log_in, start  # noqa: F401 (a fixture)
from test_directory_sync import disable, enable, stays

SILENT = ("overlay syncprov", "syncprov-sessionlog")
OFTEN = {"poll": 1, "poll_all": 2}
PEOPLE_DN = "ou=people,dc=example"
PEOPLE = 1200  # more than a server gives at once


@pytest.fixture
def silent(make_slapd):  # noqa: F811
    """slapd without syncprov, whose module, loaded, claims otherwise."""
    return make_slapd(leave_out=SILENT).start().add("alice").add("bob")


@pytest.fixture
def polled(silent, start):  # noqa: F811
    suite = start(silent, **OFTEN)
    suite.log.wait("directory-followed .*accounts=2")
    suite.alice, suite.bob = log_in(suite, "alice"), log_in(suite, "bob")
    yield suite
    suite.alice.close(), suite.bob.close()


def test_it_is_polled_where_it_cannot_be_followed(silent, polled):
    assert "follow=poll" in polled.log.find("directory-server ")[-1]
    assert not polled.log.find("directory-lost")


def test_who_is_disabled_is_logged_out(silent, polled):
    disable(silent, "alice")
    assert polled.alice.error() == "not-authorized"
    stays(polled.bob)
    enable(silent, "alice")
    again = log_in(polled, "alice")
    stays(again)
    again.close()


def test_who_is_removed_is_logged_out_when_all_are_listed(silent, polled):
    silent.delete("alice")
    assert polled.alice.error() == "not-authorized"
    stays(polled.bob)


def test_who_gets_another_name_is_logged_out_of_the_old_one(silent, polled):
    silent.tool("ldapmodrdn", "-r", silent.person_dn("alice"), "uid=alicia")
    assert polled.alice.error() == "not-authorized"
    polled.log.wait("account-moved account=alice@localhost to=alicia@localhost")


def test_who_moves_with_what_is_above_him_stays(silent, polled):
    """The names of entries change then, and not the times of their last changes."""
    east = f"ou=east,{PEOPLE_DN}"
    silent.tool("ldapadd", input=f"dn: {east}\nobjectClass: organizationalUnit\nou: east\n\n"
                + silent.person("carol", below=east))
    carol = log_in(polled, "carol")
    polled.log.wait("directory-followed .*accounts=3 gone=0")
    silent.tool("ldapmodrdn", "-r", east, "ou=west")
    polled.log.wait("directory-followed .*accounts=3 gone=0", since=polled.log.mark())
    stays(carol)
    carol.close()


def test_nothing_is_missed_while_dirsyncd_was_away(silent, polled):
    pid = polled.pids()["dirsyncd"]
    pause(pid)
    silent.delete("alice")
    disable(silent, "bob")
    os.kill(pid, signal.SIGKILL)
    assert polled.alice.error() == "not-authorized"
    assert polled.bob.error() == "not-authorized"


def test_a_directory_that_restarts_is_asked_again(silent, polled):
    silent.kill()
    polled.log.wait("directory-lost")
    stays(polled.alice)
    silent.start()
    silent.delete("alice")
    assert polled.alice.error() == "not-authorized"


def test_where_it_must_be_followed_it_says_what_is_missing(silent, start):  # noqa: F811
    suite = start(silent, follow="sync")
    line = suite.log.wait("directory-lost")
    assert "cannot be followed (RFC 4533): OpenLDAP needs the overlay syncprov" in line, line


def test_polling_is_a_setting(make_slapd, start):  # noqa: F811
    server = make_slapd().start().add("alice")
    suite = start(server, follow="poll", **OFTEN)
    suite.log.wait("directory-server .*follow=poll")
    suite.log.wait("directory-followed .*accounts=1")
    alice = log_in(suite, "alice")
    server.delete("alice")
    assert alice.error() == "not-authorized"


# More than fits into one answer.

def test_many_come_page_by_page(make_slapd, start):  # noqa: F811
    server = make_slapd(leave_out=SILENT, limits="size.soft=500 size.hard=unlimited").fill(PEOPLE).start()
    suite = start(server, **OFTEN)
    suite.log.wait(f"directory-followed .*accounts={PEOPLE} gone=0")
    last = log_in(suite, f"user{PEOPLE - 1}")
    server.delete(f"user{PEOPLE - 1}")
    assert last.error() == "not-authorized"
    suite.log.wait(f"directory-followed .*accounts={PEOPLE - 1} gone=1")


@pytest.mark.parametrize("leave_out", [SILENT, ()], ids=["polled", "followed"])
def test_a_limit_of_the_server_is_an_error_that_says_what_to_do(make_slapd, start, leave_out):  # noqa: F811
    server = make_slapd(leave_out=leave_out, limits="size=500").fill(PEOPLE).start()
    suite = start(server, **OFTEN)
    line = suite.log.wait("directory-lost")
    assert "size limit hides entries: raise it for our account there (OpenLDAP: limits" in line, line
    assert not suite.log.find("directory-followed")
    assert attempt(suite, "user1", "secret-1") == "success"


def test_one_without_an_identity_is_an_error(make_slapd, start):  # noqa: F811
    """The account that reads may not see which entry is which."""
    server = make_slapd(leave_out=SILENT)
    config = server.dir / "slapd.conf"
    rule = f'access to attrs=entryUUID by dn.exact="{READER}" none by * none\naccess to *'
    config.write_text(config.read_text().replace("access to *", rule, 1))
    server.start().add("alice")
    line = start(server, **OFTEN).log.wait("directory-lost")
    assert "may not read entryUUID and modifyTimestamp" in line, line
