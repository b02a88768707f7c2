"""bulkheadctl ldap and user list, all the way: routerd, a real dirsyncd, and slapd."""
import pytest

from slapd import PEOPLE, make_slapd, slapd  # noqa: F401 (fixtures)
from suite import eventually
from test_directory_login import log_in, start  # noqa: F401 (a fixture)


@pytest.fixture
def company(slapd, make_suite):  # noqa: F811
    """alice and bob, who is locked, are in the directory; carol has an account of ours in another domain."""
    slapd.add("alice").add("bob")
    slapd.modify("bob", "replace: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z")
    suite = make_suite(domains=["localhost", "mine.example"], accounts={"carol@mine.example": "secret-1"},
                       settings=slapd.settings())
    suite.log.wait("directory-followed .*accounts=2")
    return suite


def pairs(suite, *command):
    return [tuple(row.values())[:2] for row in suite.rows(*command)]


def test_status_says_what_is_followed_and_from_where(slapd, company):  # noqa: F811
    row = company.rows("ldap", "status")[0]
    assert (row["directory"], row["part"], row["state"], row["entries"], row["held"]) == (
        "main", "people", "following", "2", "0")
    assert str(slapd.tls_port) in row["server"]
    slapd.kill()
    eventually(lambda: company.rows("ldap", "status")[0]["state"] != "following", "the loss to be seen")
    assert company.rows("ldap", "status")[0]["why"]


def test_an_account_is_looked_up_and_explained(company):
    steps = dict(pairs(company, "ldap", "test", "alice@localhost"))
    assert steps["enabled"] == "yes" and steps["entry"] == f"uid=alice,{PEOPLE}"
    told = dict(pairs(company, "ldap", "explain", "alice@localhost"))
    assert told["so"] == "it may log in" and told["filter"] == "(&(objectClass=inetOrgPerson)(uid=alice))"
    assert dict(pairs(company, "ldap", "explain", "nobody@localhost"))["entries"] == "0"
    done = company.ctl("ldap", "test", "carol@mine.example")
    assert done.returncode == 5 and "in no directory" in done.stderr


def test_it_is_read_again_and_compared(company):
    assert company.rows("ldap", "diff") == []
    mark = company.log.mark()
    assert company.ctl("ldap", "sync", "main", "--full").returncode == 0
    company.log.wait("directory-followed", since=mark)
    assert company.ctl("ldap", "sync", "--accept").returncode == 0
    assert company.ctl("ldap", "sync", "other").returncode == 5
    assert company.ctl("ldap", "diff", "other").returncode == 5


def test_all_accounts_are_in_one_list(company):
    mine, held = [("carol@mine.example", "enabled")], [("alice@localhost", "enabled"), ("bob@localhost", "disabled")]
    assert pairs(company, "user", "list") == mine + held
    assert pairs(company, "user", "list", "LocalHost") == held
    assert pairs(company, "user", "list", "mine.example") == mine
