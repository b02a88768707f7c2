"""Who is there: XEP-0055, with the test as dirsyncd."""
import os
import signal

import pytest

from bus import LATER, NOTHING
from fake_dirsyncd import dirsyncd, held  # noqa: F401 (fixtures)
from slapd import make_slapd, slapd  # noqa: F401 (fixtures)
from test_directory_login import log_in
from test_directory_vcard import answer, ask, people, text  # noqa: F401 (a fixture)
from test_disco import caps_hash, features, identities, info
from xmpp import Raw, condition

NS = "jabber:iq:search"
S, FORM = "{jabber:iq:search}", "{jabber:x:data}"
LEWIS = ("carroll@localhost", "Lewis", "Carroll", "lc", "lewis@example.org")
DODGSON = ("dodgson@localhost", "Charles <C.>", "Dodgson & Co", "", "")


@pytest.fixture
def searched(people, held, dirsyncd):  # noqa: F811
    """A suite that may be searched, by .alice; .played answers."""
    suite = held()
    suite.played, suite.alice = dirsyncd(suite), log_in(suite, "alice")
    yield suite
    suite.alice.close()


def query(inner=""):
    return f"<query xmlns='{NS}'>{inner}</query>"


def form(type="submit", form_type=NS, **values):
    fields = "".join(f"<field var='{var.replace('_', '-')}'><value>{v}</value></field>" for var, v in values.items())
    if form_type:
        fields += f"<field var='FORM_TYPE' type='hidden'><value>{form_type}</value></field>"
    return query(f"<x xmlns='jabber:x:data' type='{type}'>{fields}</x>")


def search(suite, inner, rows=(), to="localhost", **how):
    """What routerd asked for, and what alice got."""
    ask(suite.alice, to, kind="set", child=inner)
    asked = suite.played.found(rows, **how)
    return asked, answer(suite.alice)


def refused(suite, inner, to="localhost"):
    """Without dirsyncd being asked: the next thing that it hears is another search."""
    reply = suite.alice.iq("set", inner, to)
    marker, _ = search(suite, query("<nick>marker</nick>"))
    assert marker[1] == {"nick": "marker"}
    return condition(reply)


def items(reply):
    return [(i.get("jid"), *(i.findtext(S + f) or "" for f in ("first", "last", "nick", "email")))
            for i in reply.iter(S + "item")]


def form_items(reply):
    return [tuple(f.findtext(FORM + "value") or "" for f in i.iter(FORM + "field")) for i in reply.iter(FORM + "item")]


@pytest.mark.section("XEP-0055 2.1")
def test_the_fields_are_told_as_elements_and_as_a_form(searched):
    reply = searched.alice.iq("get", query(), "localhost")
    asked = reply.find(S + "query")
    assert asked.findtext(S + "instructions")
    assert [c.tag for c in asked if c.tag.startswith(S)][1:] == [S + f for f in ("first", "last", "nick", "email")]
    x = asked.find(FORM + "x")
    assert x.get("type") == "form"
    fields = {f.get("var"): f.get("type") for f in x.iter(FORM + "field")}
    assert fields == {"FORM_TYPE": "hidden", **dict.fromkeys(("first", "last", "nick", "email", "x-user"), "text-single")}
    assert x.find(f"{FORM}field[@var='FORM_TYPE']").findtext(FORM + "value") == NS


@pytest.mark.section("XEP-0055 2.1")
def test_a_search_by_elements_is_answered_by_items(searched):
    asked, reply = search(searched, query("<last>carr</last><first> lew </first><nick/>"), [LEWIS, DODGSON])
    assert asked == ("localhost", {"first": "lew", "last": "carr"}, 50)
    assert reply.get("type") == "result" and items(reply) == [LEWIS, DODGSON]
    assert reply.find(f".//{FORM}x") is None


@pytest.mark.section("XEP-0055 3")
def test_a_search_by_a_form_is_answered_by_a_form(searched):
    asked, reply = search(searched, form(x_user="carr", unknown="x"), [LEWIS, DODGSON])
    assert asked == ("localhost", {"user": "carr"}, 50)
    x = reply.find(f"{S}query/{FORM}x")
    assert x.get("type") == "result"
    assert [f.get("var") for f in x.find(FORM + "reported")] == ["jid", "first", "last", "nick", "email"]
    assert form_items(reply) == [LEWIS, DODGSON] and not items(reply)


@pytest.mark.section("XEP-0055 2.1")
@pytest.mark.parametrize("how", [{}, {"state": NOTHING}])
def test_who_is_not_found_leaves_the_answer_empty(searched, how):
    _, reply = search(searched, query("<last>nobody</last>"), [], **how)
    found = reply.find(S + "query")
    assert reply.get("type") == "result" and len(found) == 0
    _, reply = search(searched, form(last="nobody"), [], **how)
    assert form_items(reply) == [] and reply.find(f".//{FORM}reported") is not None


@pytest.mark.section("XEP-0055 2.1")
def test_there_is_a_most_and_a_form_says_when_there_are_more(people, held, dirsyncd):  # noqa: F811
    suite = held(search_results=2)
    suite.played, suite.alice = dirsyncd(suite), log_in(suite, "alice")
    rows = [(f"user{n}@localhost", "U", "ser", "", "") for n in range(3)]
    asked, reply = search(suite, form(last="ser"), rows, more=1)
    assert asked[2] == 2 and len(form_items(reply)) == 2
    assert "2" in reply.find(f".//{FORM}x").findtext(FORM + "instructions")
    _, reply = search(suite, form(last="ser"), rows[:2])
    assert reply.find(f".//{FORM}x").find(FORM + "instructions") is None
    _, reply = search(suite, query("<last>ser</last>"), rows, more=1)
    assert len(items(reply)) == 2
    suite.alice.close()


@pytest.mark.section("XEP-0030 3", "XEP-0115")
def test_the_domain_says_that_it_can_be_searched(searched):
    reply = info(searched.alice, "localhost")
    assert NS in features(reply) and ("directory", "user") in identities(reply)
    assert caps_hash(reply) == searched.alice.features.find("{http://jabber.org/protocol/caps}c").get("ver")


def test_where_there_is_no_search_nothing_says_so(people, held, dirsyncd):  # noqa: F811
    suite = held(search="false")
    alice = log_in(suite, "alice")
    reply = info(alice, "localhost")
    assert NS not in features(reply) and identities(reply) == [("server", "im")]
    for kind, child in (("get", query()), ("set", query("<last>carroll</last>"))):
        assert condition(alice.iq(kind, child, "localhost")) == ("cancel", "service-unavailable")
    alice.close()


@pytest.mark.section("XEP-0115")
def test_a_reload_takes_it_away(searched):
    mark = searched.log.mark()
    searched.edit(**{'directory "main".search': "false"})
    os.kill(searched.pids()["routerd"], signal.SIGHUP)
    for _ in ("prepare", "adopt"):  # which the one that is played answers
        searched.played.expect("RELOAD")
    searched.log.wait("routerd reloaded", since=mark)
    reply = info(searched.alice, "localhost")
    assert NS not in features(reply)
    assert condition(searched.alice.iq("get", query(), "localhost")) == ("cancel", "service-unavailable")
    bob = log_in(searched, "bob")
    assert caps_hash(reply) == bob.features.find("{http://jabber.org/protocol/caps}c").get("ver")
    bob.close()


def test_an_account_is_not_a_place_to_search(searched):
    for to in (None, "alice@localhost", "bob@localhost"):
        assert condition(searched.alice.iq("get", query(), to)) == ("cancel", "service-unavailable")


# Who may, and how much.

def test_only_users_of_the_domain_may_search_in_it(people, make_suite, raw):  # noqa: F811
    suite = make_suite(domains=["localhost", "mine.example"], accounts={"carol@mine.example": "secret-1"},
                       settings=people.settings())
    carol = raw(suite, "carol", domain="mine.example")
    for kind, child in (("get", query()), ("set", query("<last>carroll</last>"))):
        assert condition(carol.iq(kind, child, "localhost")) == ("auth", "forbidden")
        assert condition(carol.iq(kind, child, "mine.example")) == ("cancel", "service-unavailable")
    assert NS not in features(info(carol, "mine.example"))


@pytest.mark.parametrize("inner", [
    query(), query("<last/>"), query("<last>  </last>"), query("<last>a</last>"), query("<last>ü</last><first>b</first>"),
    query("<x-user>carroll</x-user>"), form(), form(last="a"), form(nonsense="carroll")])
def test_too_few_letters_are_refused(searched, inner):
    assert refused(searched, inner) == ("modify", "not-acceptable")


def test_letters_are_counted_in_the_longest_field_and_as_people_do(people, held, dirsyncd):  # noqa: F811
    suite = held(search_letters=3)
    suite.played, suite.alice = dirsyncd(suite), log_in(suite, "alice")
    assert refused(suite, query("<last>üß</last><first>ab</first>")) == ("modify", "not-acceptable")
    reply = suite.alice.iq("set", query("<last>ab</last>"), "localhost")
    assert "3 letters" in text(reply)
    asked, _ = search(suite, query("<last>üßé</last><first>a</first>"))
    assert asked[1] == {"first": "a", "last": "üßé"}
    suite.alice.close()


def test_a_user_may_not_search_all_the_time(people, held, dirsyncd):  # noqa: F811
    suite = held(search_rate=3)
    suite.played, suite.alice = dirsyncd(suite), log_in(suite, "alice")
    suite.alice.iq("set", query("<last>a</last>"), "localhost")  # refused ones do not count
    for _ in range(3):
        search(suite, query("<last>carroll</last>"))
    other = log_in(suite, "alice", "other")
    for stream in (suite.alice, other):
        reply = stream.iq("set", query("<last>carroll</last>"), "localhost")
        assert condition(reply) == ("wait", "resource-constraint") and "minute" in text(reply)
    bob = log_in(suite, "bob")
    ask(bob, "localhost", kind="set", child=query("<last>carroll</last>"))
    suite.played.found()
    assert answer(bob).get("type") == "result"
    for stream in (suite.alice, other, bob):
        stream.close()


def test_a_search_waits_for_a_directory_that_is_being_read(searched):
    ask(searched.alice, "localhost", kind="set", child=query("<last>carroll</last>"))
    searched.played.found(state=LATER)
    searched.played.found([LEWIS])
    assert items(answer(searched.alice)) == [LEWIS]


# Bad input (attacks.md, S23).

@pytest.mark.parametrize("value", ["**", "%%", "__", ")(uid=*", "*)(objectClass=*", "\\2a\\00", "&lt;x&gt;", "a" * 1023])
@pytest.mark.parametrize("how", [lambda v: query(f"<last>{v}</last>"), lambda v: form(last=v)], ids=["element", "form"])
def test_s23_what_is_looked_for_is_passed_on_as_it_is(searched, value, how):
    asked, reply = search(searched, how(value))
    assert asked[1] == {"last": value.replace("&lt;", "<").replace("&gt;", ">")}
    assert reply.get("type") == "result"


@pytest.mark.parametrize("inner, outcome", [
    (query(f"<last>{'a' * 1024}</last>"), ("modify", "not-acceptable")),
    (form(last="a" * 100000), ("modify", "not-acceptable")),
    (form(type="cancel", last="carroll"), ("modify", "bad-request")),
    (form(type="", last="carroll"), ("modify", "bad-request")),
    (form(form_type="jabber:iq:register", last="carroll"), ("modify", "bad-request"))])
def test_s23_what_is_too_long_or_no_search_is_refused(searched, inner, outcome):
    assert refused(searched, inner) == outcome


def test_s23_nul_ends_the_stream_before_anybody_is_asked(searched):
    bob = log_in(searched, "bob")
    bob.send(b"<iq type='set' id='n' to='localhost'>" + query("<last>ab\0</last>").encode() + b"</iq>")
    assert bob.error() in ("not-well-formed", "invalid-xml", "bad-format")
    asked, _ = search(searched, query("<nick>marker</nick>"))
    assert asked[1] == {"nick": "marker"}


# What a dirsyncd says that has been taken over (S28).

@pytest.mark.parametrize("row", [
    ("carroll@elsewhere.example", "L", "C", "", ""), ("carroll@localhost/home", "L", "C", "", ""),
    ("localhost", "L", "C", "", ""), ("CARROLL@localhost", "L", "C", "", ""), ("", "L", "C", "", ""),
    ("carroll@localhost", "\0", "C", "", "")])
def test_s28_a_row_that_is_no_account_of_the_domain_is_left_out(searched, row):
    _, reply = search(searched, query("<last>carroll</last>"), [row, LEWIS])
    assert items(reply) == [LEWIS]


def test_s28_rows_that_are_cut_end_the_list(searched):
    ask(searched.alice, "localhost", kind="set", child=query("<last>carroll</last>"))
    subject, _ = searched.played.asked("SEARCH")
    searched.played.send("FOUND", subject, state=1, rows=b"\0\0\0\x09a@localho")
    assert items(answer(searched.alice)) == []


# A client that people use.

@pytest.mark.section("XEP-0055 3")
def test_slixmpp_searches(searched, chat):
    searched.accounts["bob@localhost"] = "secret-1"
    bob = chat(searched, "bob@localhost", mechanism="PLAIN")

    def prepare():
        bob.xmpp.register_plugin("xep_0055", {"provide_search": False})
        iq = bob.xmpp["xep_0055"].make_search_iq(ito="localhost")
        iq["search"]["form"].add_field("last", ftype="text-single", value="carr")
        return iq
    iq = bob.call(prepare)
    import asyncio
    reply = asyncio.run_coroutine_threadsafe(send(iq), bob.loop)
    assert searched.played.found([LEWIS])[1] == {"last": "carr"}
    found = reply.result(20)["search"]["form"]
    assert found["type"] == "result" and list(found.get_reported()) == ["jid", "first", "last", "nick", "email"]
    assert found.get_items() == [dict(zip(("jid", "first", "last", "nick", "email"), LEWIS))]


async def send(iq):
    return await iq.send()


def test_a_stranger_before_log_in_finds_nobody(searched):
    stream = Raw(searched.address).open().starttls()
    stream.send(f"<iq type='set' id='x' to='localhost'>{query('<last>carroll</last>')}</iq>")
    assert stream.error() == "not-authorized"
    stream.close()
