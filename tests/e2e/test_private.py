"""Private XML: XEP-0049."""
import xml.etree.ElementTree as ET

import pytest

from xmpp import condition

NS = "jabber:iq:private"
pytestmark = pytest.mark.section("XEP-0049")
NOTES = "<notes xmlns='urn:notes'><note id='1'>buy &lt;milk&gt;</note></notes>"


def query(inner):
    return f"<query xmlns='{NS}'>{inner}</query>"


def content(reply):
    assert reply.get("type") == "result", ET.tostring(reply)
    [one] = reply.find("{" + NS + "}query")
    return one


def test_it_is_advertised(shared, raw):
    reply = raw(shared, "alice").iq("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>",
                                    "localhost")
    assert NS in [f.get("var") for f in reply.iter("{http://jabber.org/protocol/disco#info}feature")]


def test_what_is_stored_comes_back(suite, raw):
    alice = raw(suite, "alice")
    assert alice.iq("set", query(NOTES)).get("type") == "result"
    one = content(alice.iq("get", query("<notes xmlns='urn:notes'/>")))
    assert one.tag == "{urn:notes}notes" and one[0].text == "buy <milk>" and one[0].get("id") == "1"


def test_what_was_never_stored_comes_back_empty(suite, raw):
    one = content(raw(suite, "alice").iq("get", query("<notes xmlns='urn:notes'/>")))
    assert one.tag == "{urn:notes}notes" and len(one) == 0 and not one.text


def test_each_namespace_and_name_is_its_own(suite, raw):
    alice = raw(suite, "alice")
    for name, ns in (("a", "urn:1"), ("a", "urn:2"), ("b", "urn:1")):
        alice.iq("set", query(f"<{name} xmlns='{ns}'>{name}{ns}</{name}>"))
    for name, ns in (("a", "urn:1"), ("a", "urn:2"), ("b", "urn:1")):
        assert content(alice.iq("get", query(f"<{name} xmlns='{ns}'/>"))).text == name + ns
    alice.iq("set", query("<a xmlns='urn:1'>new</a>"))
    assert content(alice.iq("get", query("<a xmlns='urn:1'/>"))).text == "new"
    assert content(alice.iq("get", query("<a xmlns='urn:2'/>"))).text == "aurn:2"


def test_a_prefix_does_not_matter(suite, raw):
    alice = raw(suite, "alice")
    alice.iq("set", query("<p:a xmlns:p='urn:1'><p:b/></p:a>"))
    one = content(alice.iq("get", query("<a xmlns='urn:1'/>")))
    assert one.tag == "{urn:1}a" and one[0].tag == "{urn:1}b"


@pytest.mark.parametrize("kind", ["get", "set"])
def test_it_is_nobody_else_s(suite, raw, kind):
    alice, bob = raw(suite, "alice"), raw(suite, "bob")
    bob.iq("set", query(NOTES))
    reply = alice.iq(kind, query("<notes xmlns='urn:notes'/>"), "bob@localhost")
    assert condition(reply)[1] in ("forbidden", "service-unavailable")
    assert len(content(bob.iq("get", query("<notes xmlns='urn:notes'/>")))) == 1


@pytest.mark.parametrize("inner, expected", [
    ("", "bad-request"), ("<a xmlns='urn:1'/><b xmlns='urn:1'/>", "not-acceptable"),
    ("<a/>", "not-acceptable"), ("<a xmlns='jabber:client'/>", "not-acceptable")])
@pytest.mark.parametrize("kind", ["get", "set"])
def test_what_is_no_request_for_it(suite, raw, kind, inner, expected):
    assert condition(raw(suite, "alice").iq(kind, query(inner)))[1] == expected


def test_there_is_room_for_so_much_and_an_old_one_does_not_count_twice(make_suite, raw):
    suite = make_suite(settings={"routerd.private_xml": "4KiB"})
    alice = raw(suite, "alice")
    big = f"<a xmlns='urn:1'>{'x' * 3000}</a>"
    assert alice.iq("set", query(big)).get("type") == "result"
    assert alice.iq("set", query(big)).get("type") == "result"
    reply = alice.iq("set", query(f"<b xmlns='urn:1'>{'x' * 3000}</b>"))
    assert condition(reply)[1] == "resource-constraint"
    assert content(alice.iq("get", query("<b xmlns='urn:1'/>"))).text is None


def test_it_is_kept_over_a_restart(suite, raw):
    raw(suite, "alice").iq("set", query(NOTES))
    suite.restart()
    assert len(content(raw(suite, "alice").iq("get", query("<notes xmlns='urn:notes'/>")))) == 1
