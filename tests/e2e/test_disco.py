"""What the server says of itself: XEP-0030, XEP-0115, XEP-0157."""
import base64
import hashlib

import pytest

import gate as gates
from im import befriend
from xmpp import condition

INFO, ITEMS = "http://jabber.org/protocol/disco#info", "http://jabber.org/protocol/disco#items"
CAPS = "{http://jabber.org/protocol/caps}c"
FORM = "{jabber:x:data}"


def info(stream, to, node=None):
    node = f" node='{node}'" if node else ""
    return stream.iq("get", f"<query xmlns='{INFO}'{node}/>", to)


def items(stream, to, node=None):
    node = f" node='{node}'" if node else ""
    return stream.iq("get", f"<query xmlns='{ITEMS}'{node}/>", to)


def identities(reply):
    return [(i.get("category"), i.get("type")) for i in reply.iter("{" + INFO + "}identity")]


def features(reply):
    return [f.get("var") for f in reply.iter("{" + INFO + "}feature")]


def field_values(reply):
    return {f.get("var"): [v.text for v in f.iter(FORM + "value")]
            for f in reply.iter(FORM + "field")}


def caps_hash(reply):
    """XEP-0115 5.1, made from what was answered."""
    text = "".join(f"{i.get('category')}/{i.get('type')}//{i.get('name') or ''}<"
                   for i in reply.iter("{" + INFO + "}identity"))
    text += "".join(f + "<" for f in sorted(features(reply)))
    fields = field_values(reply)
    if fields:
        text += fields.pop("FORM_TYPE")[0] + "<"
        text += "".join(var + "<" + "".join(v + "<" for v in sorted(values))
                        for var, values in sorted(fields.items()))
    return base64.b64encode(hashlib.sha1(text.encode()).digest()).decode()


@pytest.mark.section("XEP-0030 3")
def test_the_server_says_what_it_is_and_can(shared, raw):
    reply = info(raw(shared, "alice"), "localhost")
    assert identities(reply) == [("server", "im")]
    found = features(reply)
    assert len(found) == len(set(found)) and {INFO, ITEMS} <= set(found)


@pytest.mark.section("XEP-0030 3")
@pytest.mark.parametrize("to", [None, "alice@localhost"])
def test_the_own_account_is_registered(shared, raw, to):
    reply = info(raw(shared, "alice"), to)
    assert identities(reply) == [("account", "registered")] and INFO in features(reply)


@pytest.mark.section("XEP-0030 3", "XEP-0030 4")
@pytest.mark.parametrize("ask", [info, items])
@pytest.mark.parametrize("to", ["localhost", "alice@localhost"])
def test_a_node_that_is_none_is_not_found(shared, raw, ask, to):
    assert condition(ask(raw(shared, "alice"), to, "nonsense")) == ("cancel", "item-not-found")


@pytest.mark.section("XEP-0030 3")
def test_strangers_cannot_tell_accounts_from_nobody(shared, raw):
    """8: the same answer whether there is such an account or not."""
    alice = raw(shared, "alice")
    raw(shared, "bob")
    answers = {condition(info(alice, to)) for to in ("bob@localhost", "nobody@localhost")}
    assert answers == {("cancel", "service-unavailable")}


@pytest.mark.section("XEP-0030 4")
def test_items_of_strangers_are_empty_whether_there_is_anybody(shared, raw):
    alice = raw(shared, "alice")
    raw(shared, "bob", "there")
    shown = set()
    for to in ("bob@localhost", "nobody@localhost"):
        reply = items(alice, to)
        shown.add((reply.get("type"), len(list(reply.iter("{" + ITEMS + "}item")))))
    assert len(shown) == 1 and shown.pop()[1] == 0


@pytest.mark.section("XEP-0030 3", "XEP-0030 4")
def test_a_contact_may_ask_and_sees_the_resources(suite, raw):
    alice, bob = raw(suite, "alice"), raw(suite, "bob", "home")
    befriend(alice, bob)
    assert identities(info(alice, "bob@localhost")) == [("account", "registered")]
    found = [i.get("jid") for i in items(alice, "bob@localhost").iter("{" + ITEMS + "}item")]
    assert found in ([bob.jid], [])


@pytest.mark.section("XEP-0030 4")
def test_the_server_s_items_are_its_components(gate, raw):
    alice = raw(gate.suite, "alice")
    found = {i.get("jid"): i.get("name")
             for i in items(alice, "localhost").iter("{" + ITEMS + "}item")}
    assert gates.NAME in found


@pytest.mark.section("XEP-0115")
def test_the_hash_in_the_features_is_that_of_the_answer(shared, raw):
    alice = raw(shared, "alice")
    caps = alice.features.find(CAPS)
    assert caps.get("hash") == "sha-1"
    reply = info(alice, "localhost", f"{caps.get('node')}#{caps.get('ver')}")
    assert caps_hash(reply) == caps.get("ver")
    assert features(reply) == features(info(alice, "localhost"))
    assert reply.find("{" + INFO + "}query").get("node") == f"{caps.get('node')}#{caps.get('ver')}"


CONTACTS = {"abuse": ["mailto:abuse@localhost", "xmpp:abuse@localhost"],
            "admin": ["mailto:admin@localhost"]}


@pytest.fixture
def reachable(make_suite):
    """A domain that says whom to write to."""
    suite = make_suite(start=False)
    suite.init()
    suite.configure()
    suite.edit(**{f'domain "localhost".contact_{kind}': addresses
                  for kind, addresses in CONTACTS.items()})
    return suite.start()


@pytest.mark.section("XEP-0157", "XEP-0115")
def test_the_contact_addresses_are_told_and_hashed(reachable, raw):
    alice = raw(reachable, "alice")
    reply = info(alice, "localhost")
    assert field_values(reply) == {
        "FORM_TYPE": ["http://jabber.org/network/serverinfo"],
        **{f"{kind}-addresses": values for kind, values in CONTACTS.items()}}
    assert caps_hash(reply) == alice.features.find(CAPS).get("ver")


@pytest.mark.section("XEP-0157")
def test_without_addresses_there_is_no_form(shared, raw):
    assert info(raw(shared, "alice"), "localhost").find(f".//{FORM}x") is None
