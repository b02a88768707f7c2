"""389 Directory Server, the real one: what is shown with OpenLDAP elsewhere holds here, too."""
import os
import signal

import pytest

from ds389 import GROUPS, ds389, running_ds389  # noqa: F401 (fixtures)
from test_check_ldap import check  # noqa: F401 (a fixture)
from test_directory_login import attempt, change_password, log_in, start  # noqa: F401 (a fixture)


@pytest.fixture
def followed(ds389, start):  # noqa: F811
    """alice and bob are in the directory and logged in."""
    ds389.add("alice"), ds389.add("bob")
    suite = start(ds389)
    suite.log.wait("directory-followed .*accounts=2")
    suite.alice, suite.bob = log_in(suite, "alice"), log_in(suite, "bob")
    yield suite
    suite.alice.close(), suite.bob.close()


def test_who_is_in_it_can_log_in_by_every_kind_of_connection(ds389, start):  # noqa: F811
    ds389.add("alice", "wonderland-1")
    for url in (f"ldaps://127.0.0.1:{ds389.tls_port}", f"ldap://127.0.0.1:{ds389.port}"):
        suite = start(ds389, servers=[url])
        assert attempt(suite, "alice", "wonderland-1") == "success"
        assert attempt(suite, "alice", "looking-glass") == "not-authorized"
        assert attempt(suite, "bob", "wonderland-1") == "not-authorized"


def test_who_is_locked_is_told_so_and_logged_out(ds389, followed):  # noqa: F811
    ds389.lock("alice")
    assert followed.alice.error() == "not-authorized"
    assert attempt(followed, "alice", "secret-1") == "account-disabled"
    assert followed.bob.ping() is not None
    ds389.unlock("alice")
    assert attempt(followed, "alice", "secret-1") == "success"


def test_who_is_removed_or_renamed_is_logged_out(ds389, followed):  # noqa: F811
    ds389.delete("alice")
    assert followed.alice.error() == "not-authorized"
    ds389.tool("ldapmodrdn", "-r", ds389.person_dn("bob"), "uid=robert")
    assert followed.bob.error() == "not-authorized"
    assert attempt(followed, "robert", "secret-1") == "success"


def test_who_is_added_is_known(ds389, followed):  # noqa: F811
    ds389.add("carol")
    log_in(followed, "carol").close()
    ds389.delete("carol")
    assert attempt(followed, "carol", "secret-1") == "not-authorized"


def test_nothing_is_missed_while_dirsyncd_is_away(ds389, followed):  # noqa: F811
    os.kill(followed.pids()["dirsyncd"], signal.SIGKILL)
    ds389.delete("alice")
    assert followed.alice.error() == "not-authorized"
    assert followed.bob.ping() is not None


def test_a_user_changes_his_password_there(ds389, start):  # noqa: F811
    ds389.tool("ldapmodify", input="dn: dc=example\nchangetype: modify\nadd: aci\naci: (targetattr = \"userPassword\")"
               "(version 3.0; acl \"passwords\"; allow (all) userdn = \"ldap:///cn=bulkhead,dc=example\";)\n")
    ds389.add("alice")
    suite = start(ds389, password_change="true")
    alice = log_in(suite, "alice")
    assert change_password(alice, "alice", "new-secret-1") is None
    assert attempt(suite, "alice", "new-secret-1") == "success"
    assert attempt(suite, "alice", "secret-1") == "not-authorized"
    alice.close()


def test_the_check_finds_nothing(ds389, check):  # noqa: F811
    ds389.add("alice")
    ds389.tool("ldapadd", input=f"dn: cn=staff,{GROUPS}\nobjectClass: groupOfNames\ncn: staff\n"
               f"member: {ds389.person_dn('alice')}\n")
    found = check(ds389, group_base=GROUPS, password_change="true", more={'group "staff".show': "members"})
    assert found.code == 0 and found.bad() == []


def test_it_can_be_asked_what_has_changed(ds389, start):  # noqa: F811
    """As without its Content Synchronization."""
    ds389.add("alice"), ds389.add("bob")
    suite = start(ds389, follow="poll", poll=1, poll_all=2)
    suite.log.wait("directory-followed .*accounts=2")
    alice, bob = log_in(suite, "alice"), log_in(suite, "bob")
    ds389.lock("alice")
    assert alice.error() == "not-authorized"
    ds389.delete("bob")
    assert bob.error() == "not-authorized"
    alice.close(), bob.close()
