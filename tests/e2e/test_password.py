"""A user's own account: XEP-0077 3.2 and 3.3, in a session."""
import pytest

from xmpp import condition

NS = "jabber:iq:register"
NEW = "a-new-password-3"


def change(stream, username="alice", password=NEW, to="localhost"):
    return stream.iq("set", f"<query xmlns='{NS}'><username>{username}</username>"
                            f"<password>{password}</password></query>", to)


def verdict(suite, raw, password, mechanism="SCRAM-SHA-256"):
    return raw(suite).open().starttls().scram(mechanism, "alice", password)


@pytest.mark.section("XEP-0077 3.3")
def test_the_new_password_holds_and_the_old_one_does_not(suite, raw):
    alice = raw(suite, "alice")
    assert change(alice).get("type") == "result"
    alice.ping()  # the session that has changed it stays
    for mechanism in ("SCRAM-SHA-1", "SCRAM-SHA-256"):
        assert verdict(suite, raw, NEW, mechanism) == "success"
        assert verdict(suite, raw, suite.password("alice@localhost"), mechanism) == "not-authorized"


@pytest.mark.section("XEP-0077 3.3")
def test_sessions_with_the_old_password_end(suite, raw):
    alice, thief = raw(suite, "alice", "mine"), raw(suite, "alice", "stolen")
    assert change(alice).get("type") == "result"
    assert thief.error() in ("not-authorized", "policy-violation", "reset")
    alice.ping()


@pytest.mark.section("XEP-0077 3.3")
def test_it_is_kept_over_a_restart(suite, raw):
    change(raw(suite, "alice"))
    suite.restart()
    assert verdict(suite, raw, NEW) == "success"


@pytest.mark.section("XEP-0077 3.3")
@pytest.mark.parametrize("username, password, expected", [
    ("bob", NEW, "not-allowed"), ("nobody", NEW, "not-allowed"), ("", NEW, "not-allowed"),
    ("alice", "", "not-acceptable"), ("alice", "x" * 2000, "not-acceptable")])
def test_what_is_refused_changes_nothing(suite, raw, username, password, expected):
    assert condition(change(raw(suite, "alice"), username, password))[1] == expected
    assert verdict(suite, raw, suite.password("alice@localhost")) == "success"


@pytest.mark.section("XEP-0077 3.3")
@pytest.mark.parametrize("to", ["bob@localhost", "nobody@localhost"])
def test_nobody_changes_that_of_another(suite, raw, to):
    reply = change(raw(suite, "alice"), "bob", NEW, to)
    assert condition(reply)[1] in ("forbidden", "service-unavailable", "not-allowed")
    assert raw(suite, "bob").ping() == []


@pytest.mark.section("XEP-0077 3.1", "XEP-0077 3.3")
def test_who_is_registered_is_told_so(shared, raw):
    reply = raw(shared, "alice").iq("get", f"<query xmlns='{NS}'/>", "localhost")
    query = reply.find("{" + NS + "}query")
    assert query.find("{" + NS + "}registered") is not None
    assert query.findtext("{" + NS + "}username") == "alice"


@pytest.mark.section("XEP-0077 3.3")
def test_where_it_is_not_allowed_it_is_refused_and_not_advertised(make_suite, raw):
    suite = make_suite(settings={"routerd.password_change": "false"})
    alice = raw(suite, "alice")
    assert change(alice).get("type") == "error"
    reply = alice.iq("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", "localhost")
    assert NS not in [f.get("var") for f in
                      reply.iter("{http://jabber.org/protocol/disco#info}feature")]
    assert verdict(suite, raw, suite.password("alice@localhost")) == "success"


@pytest.mark.section("XEP-0077 3.2")
def test_an_account_that_is_removed_is_gone_with_its_sessions(make_suite, raw):
    suite = make_suite(settings={"routerd.registration": "true"})
    alice, other = raw(suite, "alice", "one"), raw(suite, "alice", "two")
    reply = alice.iq("set", f"<query xmlns='{NS}'><remove/></query>", "localhost")
    assert reply.get("type") == "result"
    assert alice.error() in ("not-authorized", "conflict")
    assert other.error() in ("not-authorized", "conflict")
    assert verdict(suite, raw, suite.password("alice@localhost")) == "not-authorized"


@pytest.mark.section("XEP-0077 3.2")
def test_where_accounts_are_the_administrator_s_none_is_removed(suite, raw):
    alice = raw(suite, "alice")
    reply = alice.iq("set", f"<query xmlns='{NS}'><remove/></query>", "localhost")
    assert condition(reply) == ("cancel", "not-allowed")
    assert alice.ping() == []


@pytest.mark.section("XEP-0077 3.2")
def test_a_removal_says_nothing_else(make_suite, raw):
    suite = make_suite(settings={"routerd.registration": "true"})
    alice = raw(suite, "alice")
    reply = alice.iq("set", f"<query xmlns='{NS}'><remove/><username>alice</username></query>",
                     "localhost")
    assert condition(reply)[1] == "bad-request"
    alice.ping()
