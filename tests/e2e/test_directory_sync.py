"""What changes in the directory takes effect at once: sessions of who may not be here any more end."""
import os
import signal

import pytest

from slapd import make_slapd, slapd  # noqa: F401 (fixtures)
from suite import eventually, pause
from test_directory_login import attempt, log_in, start  # noqa: F401 (a fixture)

PEOPLE = "ou=people,dc=example"


@pytest.fixture
def followed(slapd, start):  # noqa: F811
    """alice and bob are in the directory; followed.alice is logged in."""
    slapd.add("alice"), slapd.add("bob")
    suite = start(slapd)
    suite.log.wait("directory-followed .*accounts=2")
    suite.alice = log_in(suite, "alice")
    suite.bob = log_in(suite, "bob")
    yield suite
    suite.alice.close(), suite.bob.close()


def stays(stream):
    assert stream.ping() is not None


def disable(slapd, user):  # noqa: F811
    slapd.modify(user, "replace: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z")


def enable(slapd, user):  # noqa: F811
    slapd.modify(user, "delete: pwdAccountLockedTime")


def test_who_is_disabled_is_logged_out(slapd, followed):  # noqa: F811
    disable(slapd, "alice")
    assert followed.alice.error() == "not-authorized"
    assert attempt(followed, "alice", "secret-1") == "account-disabled"
    stays(followed.bob)
    enable(slapd, "alice")
    again = log_in(followed, "alice")
    stays(again)
    again.close()


def test_who_is_removed_is_logged_out(slapd, followed):  # noqa: F811
    slapd.delete("alice")
    assert followed.alice.error() == "not-authorized"
    assert attempt(followed, "alice", "secret-1") == "not-authorized"
    stays(followed.bob)


def test_who_gets_another_name_is_logged_out_of_the_old_one(slapd, followed):  # noqa: F811
    slapd.tool("ldapmodrdn", "-r", f"uid=alice,{PEOPLE}", "uid=alicia")
    assert followed.alice.error() == "not-authorized"
    alicia = log_in(followed, "alicia")
    stays(alicia)
    alicia.close()


def test_who_leaves_the_tree_is_logged_out(slapd, followed):  # noqa: F811
    slapd.tool("ldapmodrdn", "-s", "dc=example", f"uid=alice,{PEOPLE}", "uid=alice")
    assert followed.alice.error() == "not-authorized"


def test_other_changes_disturb_nobody(slapd, followed):  # noqa: F811
    slapd.modify("alice", "replace: cn\ncn: Alice Liddell")
    slapd.add("carol")
    disable(slapd, "bob")
    assert followed.bob.error() == "not-authorized"  # so that has been read, too
    stays(followed.alice)


def test_among_many_those_who_are_meant_are_logged_out(make_slapd, start):  # noqa: F811
    """tests/bench/directory.py measures how soon."""
    server = make_slapd().fill(1000).start()
    suite = start(server)
    suite.log.wait("directory-followed .*accounts=1000")
    streams = {user: log_in(suite, user) for user in (f"user{i}" for i in range(60))}
    for i in range(0, 60, 3):
        disable(server, f"user{i}")
        server.delete(f"user{i + 1}")
    for i in range(60):
        if i % 3 < 2:
            assert streams[f"user{i}"].error() == "not-authorized"
        else:
            stays(streams[f"user{i}"])
            streams[f"user{i}"].close()


# Somebody was away.

@pytest.mark.parametrize("daemon", ["dirsyncd", "routerd"])
def test_nothing_is_missed_while_one_of_ours_was_away(slapd, followed, daemon):  # noqa: F811
    os.kill(followed.pids()[daemon], signal.SIGKILL)
    disable(slapd, "alice")
    # A routerd that begins asks whether the account is still there.
    assert followed.alice.error() in ("not-authorized", "reset")
    stays(followed.bob)


def test_what_happens_while_nobody_follows_is_found_later(slapd, followed):  # noqa: F811
    """dirsyncd is stopped, the directory changes and restarts: it forgets what was deleted."""
    pid = followed.pids()["dirsyncd"]
    pause(pid)
    slapd.delete("alice")
    slapd.stop()
    slapd.start()
    os.kill(pid, signal.SIGCONT)
    assert followed.alice.error() == "not-authorized"
    stays(followed.bob)


def test_a_directory_that_restarts_is_followed_again(slapd, followed):  # noqa: F811
    slapd.kill()
    followed.log.wait("directory-lost")
    stays(followed.alice)
    slapd.start()
    disable(slapd, "alice")
    assert followed.alice.error() == "not-authorized"


def test_a_reload_goes_on(slapd, followed):  # noqa: F811
    followed.edit(**{'directory "main".timeout': 5})
    mark = followed.log.mark()
    followed.reload()
    followed.log.wait("directory-followed", since=mark)
    stays(followed.alice)
    slapd.delete("alice")
    assert followed.alice.error() == "not-authorized"


def test_a_session_that_waits_for_its_client_ends_as_well(slapd, followed):  # noqa: F811
    import sm
    sm.enable(followed.alice)
    followed.alice.close()
    followed.log.wait("session-asleep .*jid=alice")
    slapd.delete("alice")
    eventually(lambda: not any("alice" in str(r) for r in followed.rows("session", "list")), "its end")
