"""The brake: when too many vanish from the directory at once, nothing is done about those that are still to go."""
import os
import signal
import sqlite3

import pytest

from slapd import make_slapd, slapd  # noqa: F401 (fixtures)
from suite import eventually
from test_directory_login import attempt, log_in, start  # noqa: F401 (a fixture)
from test_directory_sync import disable, enable, stays

PEOPLE, GONE = 30, 15
FREE = 10  # so many go whatever the share


@pytest.fixture
def crowd(make_slapd):  # noqa: F811
    """A directory of 30 people: user0, user1, ..."""
    return make_slapd().fill(PEOPLE).start()


@pytest.fixture
def followed(crowd, start):  # noqa: F811
    suite = start(crowd)
    suite.log.wait(f"directory-followed .*accounts={PEOPLE}")
    suite.people = [log_in(suite, f"user{i}") for i in range(GONE)]
    yield suite
    for stream in suite.people:
        stream.close()


def held(suite):
    """Whom the store says are."""
    with sqlite3.connect(f"file:{suite.home}/state/dirsyncd/directory.db?mode=ro", uri=True) as store:
        return sorted(name for name, in store.execute("SELECT local FROM entry WHERE held <> 0"))


def names(numbers):
    return sorted(f"user{i}" for i in numbers)


def delete_unseen(crowd, n=GONE):
    """A refresh finds it."""
    with crowd.unseen():
        for i in range(n):
            crowd.delete(f"user{i}")


def test_who_vanishes_one_after_another_goes_until_it_is_too_many(crowd, followed):
    for i in range(GONE):
        disable(crowd, f"user{i}")
    line = followed.log.wait("directory-brake ")
    assert "error dirsyncd directory-brake" in line and "directory=main" in line, line
    assert f"vanished={FREE + 1} accounts={PEOPLE}" in line, line
    assert 'accept="bulkheadctl ldap sync --accept main"' in line, line
    for stream in followed.people[:FREE]:
        assert stream.error() == "not-authorized"
    eventually(lambda: held(followed) == names(range(FREE, GONE)), "five that are held")
    for stream in followed.people[FREE:]:
        stays(stream)
    assert len(followed.log.find("directory-brake ")) == 1


def test_all_are_back_and_the_brake_is_off(crowd, followed):
    for i in range(GONE):
        disable(crowd, f"user{i}")
    followed.log.wait("directory-brake ")
    mark = followed.log.mark()
    for i in range(FREE, GONE):
        enable(crowd, f"user{i}")
    followed.log.wait('directory-brake-released .*directory=main reason="all are back"', since=mark)
    eventually(lambda: held(followed) == [], "nobody held")
    for stream in followed.people[FREE:]:
        stays(stream)


def test_of_those_that_are_missing_in_a_refresh_none_goes_before_all_are_counted(crowd, followed):
    delete_unseen(crowd)
    line = followed.log.wait("directory-brake ")
    assert f"vanished={GONE} accounts={PEOPLE}" in line, line
    eventually(lambda: held(followed) == names(range(GONE)), "all that are missing, held")
    for stream in followed.people:
        stays(stream)


def test_ten_are_never_too_many(crowd, followed):
    delete_unseen(crowd, FREE)
    for stream in followed.people[:FREE]:
        assert stream.error() == "not-authorized"
    assert not followed.log.find("directory-brake ")


def test_what_is_held_is_so_after_a_restart(crowd, followed):
    delete_unseen(crowd)
    followed.log.wait("directory-brake ")
    eventually(lambda: held(followed) == names(range(GONE)), "what is held, in the store")
    mark = followed.log.mark()
    os.kill(followed.pids()["dirsyncd"], signal.SIGKILL)
    followed.log.wait("directory-brake .*vanished=15 ", since=mark)
    followed.log.wait("directory-followed", since=mark)
    assert held(followed) == names(range(GONE))
    for stream in followed.people:
        stays(stream)


def test_while_it_is_on_other_news_go_on(crowd, followed):
    """Who is new may log in, and who is disabled by hand is held like the others."""
    delete_unseen(crowd)
    followed.log.wait("directory-brake ")
    crowd.add("newcomer")
    newcomer = log_in(followed, "newcomer")
    disable(crowd, "newcomer")
    eventually(lambda: held(followed) == sorted([*names(range(GONE)), "newcomer"]), "the newcomer, held")
    stays(newcomer)
    assert attempt(followed, "newcomer", "secret-1") == "account-disabled"
    newcomer.close()


@pytest.mark.parametrize("settings", [{"brake": 0}, {"brake": 60}])
def test_the_share_is_a_setting(crowd, start, settings):  # noqa: F811
    suite = start(crowd, **settings)
    suite.log.wait("directory-followed")
    delete_unseen(crowd)
    suite.log.wait(f"directory-followed .*accounts={PEOPLE - GONE} gone={GONE}")
    assert not suite.log.find("directory-brake ")


def test_a_wrong_base_disturbs_nobody(crowd, followed):
    followed.edit(**{'directory "main".base': "ou=groups,dc=example"})
    mark = followed.log.mark()
    followed.reload()
    followed.log.wait("directory-brake |directory-followed .*accounts=30 gone=0", since=mark)
    for stream in followed.people:
        stays(stream)
