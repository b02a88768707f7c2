"""Profiles and searches by clients, out of a directory: slapd, and every daemon of ours."""
import base64

import pytest

from slapd import make_slapd, slapd  # noqa: F401 (fixtures)
from suite import eventually
from test_directory_login import log_in, start  # noqa: F401 (a fixture)
from test_directory_search import form, form_items, items, query
from test_directory_vcard import GET, V, card, name
from xmpp import condition

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)) * 300


@pytest.fixture
def company(slapd, start):  # noqa: F811
    """company(**settings) -> a suite with alice logged in, and bob, who has a picture."""
    def make(**more):
        slapd.add("alice", givenName="Alice", displayName="Alice Liddell", mail="alice@example.org")
        slapd.add("bob", givenName="Bob", displayName="Bob Builder", **{"jpegPhoto:": base64.b64encode(JPEG).decode()})
        suite = start(slapd, **more)
        suite.log.wait("directory-followed .*accounts=2")
        suite.alice = log_in(suite, "alice")
        return suite
    return make


@pytest.mark.section("XEP-0054 3.1", "XEP-0054 3.3")
def test_vcards_are_made_of_entries(slapd, company):  # noqa: F811
    alice = company().alice
    assert name(alice.iq("get", GET)) == "Alice Liddell"
    bob = alice.iq("get", GET, "bob@localhost")
    assert name(bob) == "Bob Builder" and bob.findtext(f"{V}vCard/{V}PHOTO/{V}TYPE") == "image/jpeg"
    assert base64.b64decode(bob.findtext(f"{V}vCard/{V}PHOTO/{V}BINVAL")) == JPEG
    assert condition(alice.iq("get", GET, "nobody@localhost")) == ("cancel", "service-unavailable")
    slapd.modify("bob", "replace: displayName\ndisplayName: Robert")
    eventually(lambda: name(alice.iq("get", GET, "bob@localhost")) == "Robert", "the change")
    alice.close()


@pytest.mark.section("XEP-0054 3.2")
def test_a_user_puts_one_of_his_own_before_it(company):
    alice = company(profiles="editable").alice
    assert alice.iq("set", card("Queen")).get("type") == "result"
    assert name(alice.iq("get", GET)) == "Queen"
    alice.iq("set", GET)
    assert name(alice.iq("get", GET)) == "Alice Liddell"
    alice.close()


@pytest.mark.section("XEP-0055 2.1", "XEP-0055 3")
def test_users_find_each_other(slapd, company):  # noqa: F811
    alice = company().alice
    assert [i[0] for i in items(alice.iq("set", query("<first>BO</first>"), "localhost"))] == ["bob@localhost"]
    found = form_items(alice.iq("set", form(email="alice@", x_user="al"), "localhost"))
    assert [i[0] for i in found] == ["alice@localhost"] and found[0][4] == "alice@example.org"
    slapd.add("bobby", givenName="Bobby")
    eventually(lambda: len(items(alice.iq("set", query("<first>bob</first>"), "localhost"))) == 2, "the other")
    alice.close()


@pytest.mark.parametrize("value", ["**", "%%", "__", "a*", "al%", "a_ice", ")(uid=*", "\\61\\6c", "a" * 1023, "''--"])
def test_s23_marks_of_other_searches_find_nobody(company, value):
    alice = company(search_rate=1000).alice
    for field in ("first", "last", "nick", "email"):
        assert items(alice.iq("set", query(f"<{field}>{value}</{field}>"), "localhost")) == []
    assert form_items(alice.iq("set", form(x_user=value), "localhost")) == []
    alice.close()
