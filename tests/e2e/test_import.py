"""Accounts from prosody, from ejabberd and from XEP-0227: keys, contacts and the rest, once and again."""
import shutil

import pytest

from im import roster, stored
from move import DOMAINS, DUMP, EJABBERD, PROSODY, document, import_, report, verdict
from suite import eventually
from xmpp import CLIENT, StreamError, body

pytestmark = pytest.mark.section("XEP-0227")
FROM = {"prosody": (PROSODY, "p.example"), "ejabberd": (EJABBERD, "e.example"), "dump": (DUMP, "e.example")}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
PLUS = ["SCRAM-SHA-1-PLUS", "SCRAM-SHA-1", "PLAIN"]


@pytest.fixture
def movable(make_suite):
    return make_suite(domains=DOMAINS)


def offered(suite, raw, domain):
    stream = raw(suite, domain=domain).open().starttls()
    return [m for m in stream.mechanisms() if m != "EXTERNAL"]


def log_in(suite, raw, user, domain, priority=0):
    number = user[1:]
    stream = raw(suite, domain=domain)
    stream.login(user, f"pw{number}").bind("new")
    return stream if priority is None else stream.available(priority)


@pytest.mark.parametrize("server", FROM)
@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "PLAIN"])
def test_users_log_in_with_their_old_passwords(movable, raw, server, mechanism):
    path, domain = FROM[server]
    assert import_(movable, path)[0] == (3, 0, 0, 0)
    for number in (1, 2, 3):
        assert verdict(movable, raw, f"u{number}", f"pw{number}", mechanism, domain) == "success"
        assert verdict(movable, raw, f"u{number}", "pw9", mechanism, domain) in ("not-authorized", "failure")


@pytest.mark.parametrize("server", FROM)
def test_a_second_import_changes_nothing(movable, raw, server):
    path, domain = FROM[server]
    import_(movable, path)
    before = movable.rows("user", "list", domain)
    assert import_(movable, path)[0] == (0, 0, 3, 0)
    assert movable.rows("user", "list", domain) == before
    alice = log_in(movable, raw, "u1", domain)
    import_(movable, path)
    alice.ping()  # nobody is thrown out


@pytest.mark.parametrize("server", FROM)
def test_a_dry_run_says_what_would_be_and_changes_nothing(movable, server):
    path, domain = FROM[server]
    counts, done = import_(movable, path, "--dry-run")
    assert counts == (3, 0, 0, 0) and "nothing was changed" in done.stdout
    assert movable.rows("user", "list", domain) == []
    import_(movable, path)
    assert import_(movable, path, "--dry-run")[0] == (0, 0, 3, 0)


def test_what_not_all_accounts_can_do_is_not_offered_until_they_can(movable, raw):
    assert "SCRAM-SHA-256" in offered(movable, raw, "p.example")
    import_(movable, PROSODY)
    eventually(lambda: offered(movable, raw, "p.example") == PLUS, "SHA-1 alone to be offered")
    assert "SCRAM-SHA-256" in offered(movable, raw, "localhost")
    assert {r["state"] for r in movable.rows("user", "list", "p.example")} == {"enabled, SHA-1"}
    for number in (1, 2, 3):
        assert verdict(movable, raw, f"u{number}", f"pw{number}", "PLAIN", "p.example") == "success"
    eventually(lambda: "SCRAM-SHA-256" in offered(movable, raw, "p.example"), "all to be offered again")
    assert {r["state"] for r in movable.rows("user", "list", "p.example")} == {"enabled"}
    assert verdict(movable, raw, "u1", "pw1", "SCRAM-SHA-256", "p.example") == "success"
    assert verdict(movable, raw, "u1", "pw1", "SCRAM-SHA-1", "p.example") == "success"
    assert import_(movable, PROSODY)[0] == (0, 0, 3, 0)  # it has the keys still, and better ones besides


def test_that_survives_a_restart(movable, raw):
    import_(movable, PROSODY)
    movable.restart()
    assert offered(movable, raw, "p.example") == PLUS
    assert verdict(movable, raw, "u2", "pw2", "SCRAM-SHA-1", "p.example") == "success"


def test_unknown_accounts_look_like_those_that_came(movable, raw):
    """The salt and the iterations that a stranger is told."""
    import base64
    import_(movable, PROSODY)

    def told(user):
        stream = raw(movable, domain="p.example").open().starttls()
        stream.auth("SCRAM-SHA-1", base64.b64encode(f"n,,n={user},r=nonce".encode()).decode())
        fields = dict(f.split("=", 1) for f in base64.b64decode(stream.next().text).decode().split(","))
        return len(base64.b64decode(fields["s"])), fields["i"]
    assert told("u1") == (36, "10000")
    assert {told(name) for name in ("a", "nobody", "u11", "z9")} <= {(36, "10000"), (16, "4096")}
    assert told("nobody") == told("u1")


def test_prosody_s_data_come_along(movable, raw):
    import_(movable, PROSODY)
    u2 = log_in(movable, raw, "u2", "p.example", priority=None)
    assert roster(u2) == {}
    u2.send("<presence/>")
    request = u2.until(lambda e: e.tag == CLIENT + "presence" and e.get("type") == "subscribe")
    assert request.get("from") == "u1@p.example"
    message = u2.until(lambda e: e.tag == CLIENT + "message")
    assert body(message) == "off <one" and message.get("from").startswith("u1@p.example/")
    assert message.find("{urn:xmpp:delay}delay").get("stamp") == "2026-11-28T11:16:43Z"
    u1 = log_in(movable, raw, "u1", "p.example")
    items = roster(u1)
    assert items["u2@p.example"].state == "none+ask" and items["u2@p.example"].groups == ["G", "H h"]
    assert items["u2@p.example"].name == 'Z & "wü"'
    assert items["pre@p.example"].state == "none+approved" and items["a@far.example"].state == "none+ask"
    reply = u1.iq("get", "<query xmlns='jabber:iq:private'><a xmlns='urn:a'/></query>")
    [one] = reply[0]
    assert one.get("k") == "v" and [c.tag for c in one] == ["{urn:a}b"] and one[0].tail == "x"
    reply = u1.iq("get", "<blocklist xmlns='urn:xmpp:blocking'/>")
    assert [i.get("jid") for i in reply[0]] == ["evil@far.example"]


def test_a_vcard_that_prosody_keeps_in_pep_is_one_again(movable, raw):
    import_(movable, PROSODY)
    [vcard] = log_in(movable, raw, "u1", "p.example").iq("get", "<vCard xmlns='vcard-temp'/>")
    texts = {"/".join(e.tag.split("}")[1] for e in path): path[-1].text for path in paths(vcard)}
    assert texts == {
        "FN": "Uli Eins", "N/FAMILY": "Eins", "N/GIVEN": "Uli", "NICKNAME": "uli <3", "URL": "https://uli.example/",
        "BDAY": "1990-01-02", "EMAIL/HOME": None, "EMAIL/INTERNET": None, "EMAIL/USERID": "uli@home.example",
        "TEL/WORK": None, "TEL/NUMBER": "+49 1", "ADR/HOME": None, "ADR/STREET": "Weg 1", "ADR/LOCALITY": "Köln",
        "ADR/PCODE": "50667", "ADR/CTRY": "DE", "ORG/ORGNAME": "Org", "TITLE": "Dr.", "ROLE": "Cook", "NOTE": "about",
        "JABBERID": "u1@p.example", "PHOTO/TYPE": "image/png", "PHOTO/BINVAL": PIXEL}
    [vcard] = log_in(movable, raw, "u2", "p.example").iq("get", "<vCard xmlns='vcard-temp'/>")
    assert [(e.tag, e.text) for e in vcard] == [("{vcard-temp}NICKNAME", "Zwo")]


def paths(element):
    """The leaves, each with what is above it."""
    for child in element:
        if len(child) == 0:
            yield [child]
        for path in paths(child):
            yield [child, *path]


def test_a_vcard_of_prosody_s_own_store_comes_before_that_of_pep(movable, raw):
    folder = movable.dir / "data"
    shutil.copytree(PROSODY, folder)
    (folder / "p%2eexample" / "vcard").mkdir()
    (folder / "p%2eexample" / "vcard" / "u1.dat").write_text(
        'return { name = "vCard", attr = { xmlns = "vcard-temp" }, { name = "FN", attr = {}, "Own" } };')
    assert "a second vCard is left out" in report(movable, folder)["u1@p.example"][1]
    [vcard] = log_in(movable, raw, "u1", "p.example").iq("get", "<vCard xmlns='vcard-temp'/>")
    assert [e.text for e in vcard] == ["Own"]


def test_ejabberd_s_data_come_along(movable, raw):
    import_(movable, EJABBERD)
    u1 = log_in(movable, raw, "u1", "e.example", priority=None)
    messages = stored(u1)
    assert [body(m) for m in messages] == ["offline body one"]
    [delay] = messages[0].findall("{urn:xmpp:delay}delay")
    assert delay.get("stamp") == "2026-11-28T11:15:16Z"
    item = roster(u1)["u2@e.example"]
    assert (item.state, item.name, item.groups) == ("both", "Zwei", ["G"])
    vcard = u1.iq("get", "<vCard xmlns='vcard-temp'/>")
    assert vcard[0].findtext("{vcard-temp}FN") == "Uli Eins"
    reply = u1.iq("get", "<query xmlns='jabber:iq:private'><a xmlns='urn:a'/></query>")
    assert reply[0][0][0].tag == "{urn:a}b"


def test_what_is_in_a_dump_comes_along(movable, raw):
    notes = {account: note for account, (_, note) in report(movable, DUMP).items()}
    assert notes == {"u1@e.example": "", "u2@e.example": "the PEP node urn:xmpp:test is left out", "u3@e.example": ""}
    u1 = log_in(movable, raw, "u1", "e.example", priority=None)
    item = roster(u1)["u2@e.example"]
    assert (item.state, item.name, item.groups) == ("both", 'Zwei ü"', ["Früh", "G"]) and len(roster(u1)) == 1
    u1.send("<presence/>")
    request = u1.until(lambda e: e.tag == CLIENT + "presence" and e.get("type") == "subscribe")
    assert (request.get("from"), request.findtext(CLIENT + "status")) == ("u3@e.example", "may I & mine?")
    messages = [u1.until(lambda e: e.tag == CLIENT + "message") for _ in range(2)]
    assert [body(m) for m in messages] == ["first ü €", "second 😀"]
    assert [m.get("from").split("/")[0] for m in messages] == ["u2@e.example"] * 2
    stamps = [d.get("stamp") for m in messages for d in m.findall("{urn:xmpp:delay}delay")]
    assert len(stamps) == 2 and stamps == sorted(stamps) and stamps[0].startswith("2026-11-28T")
    [vcard] = u1.iq("get", "<vCard xmlns='vcard-temp'/>")
    assert vcard.findtext("{vcard-temp}ADR/{vcard-temp}LOCALITY") == "Köln"
    assert vcard.findtext("{vcard-temp}PHOTO/{vcard-temp}BINVAL") == PIXEL
    [one] = u1.iq("get", "<query xmlns='jabber:iq:private'><a xmlns='urn:a'/></query>")[0]
    assert one.get("k") == "v" and one.text == "x" and one[0].tail == "<Ö"
    reply = u1.iq("get", "<blocklist xmlns='urn:xmpp:blocking'/>")
    assert {i.get("jid") for i in reply[0]} == {"evil@far.example", "spam.example"}
    u2 = log_in(movable, raw, "u2", "e.example")
    assert roster(u2)["u1@e.example"].state == "both"
    assert int(movable.rows("user", "show", "u3@e.example")[0]["last_seen"][:4]) == 2026


RECORDS = {
    "plain": "{passwd,{<<\"plain\">>,<<\"e.example\">>},<<\"pass\">>}.",
    "typed": "{passwd,{<<\"typed\">>,<<\"e.example\">>,plain},<<\"pass\">>}.",
    "older": "{passwd,{\"older\",\"e.example\"},\"pass\"}.",
    "form": "{passwd,{<<\"form\">>,<<\"e.example\">>},{pid,1}}.",
    "sha512": "{passwd,{<<\"sha512\">>,<<\"e.example\">>},{scram,<<\"%s\">>,<<\"%s\">>,<<\"YQ==\">>,sha512,4096}}." % (
        ("A" * 86 + "==",) * 2),
}


def dump(suite, *records, head="{tables,[{passwd,[]}]}.\n"):
    file = suite.dir / "dump"
    file.write_text(head + "\n".join(records) + "\n")
    return file


def test_passwords_of_any_version_of_ejabberd(movable, raw):
    counts, done = import_(movable, dump(movable, *RECORDS.values(), "{route,<0.1.0>,#Fun<x.1.2>}.", "{motd,x}."), code=1)
    assert counts == (3, 0, 0, 2)
    assert "form@e.example: its password is in a form that is not known" in done.stderr
    assert "sha512@e.example: it has neither a password, nor keys, nor data" in done.stderr
    for name in ("plain", "typed", "older"):
        assert verdict(movable, raw, name, "pass", "SCRAM-SHA-256", "e.example") == "success"


US = '{<<"plain">>,<<"e.example">>}'
MESSAGE = ('{offline_msg,%s,{%d,0,0},%s,j,j,{xmlel,<<"message">>,[{<<"from">>,<<"a@far.example">>}],'
           '[{xmlel,<<"body">>,[],[{xmlcdata,<<"%s">>}]}]}}.')
LEFT_OUT = [
    ('{privacy,%s,<<"d">>,[{<<"o">>,[]},{<<"d">>,[{listitem,group,<<"G">>,deny,1,true,false,false,false,false},'
     '{listitem,jid,{<<"b">>,<<"far.example">>,<<>>},deny,2,false,true,false,false,false},'
     '{listitem,jid,{<<"c">>,<<"far.example">>,<<>>},deny,3,true,false,false,false,false}]}]}.' % US),
    MESSAGE % (US, 1795, "never", "later"), MESSAGE % (US, 1794, "never", "sooner"),
    MESSAGE % (US, 1793, "{1794,0,0}", "gone"),
    '{vcard,%s,{exmpp_xml}}.' % US, '{roster,x,%s,{<<>>,<<>>,<<>>},<<>>,none,none,[],<<>>,[]}.' % US,
    '{roster,x,%s,{<<"d">>,<<"far.example">>,<<>>},<<"D">>,none,both,["one",<<"two">>],<<>>,[]}.' % US,
    '{pubsub_node,{<<"pubsub.e.example">>,<<"n">>},1,[],<<"flat">>,[],[]}.']


def test_what_a_dump_has_that_cannot_come_is_named(movable, raw):
    [(result, note)] = report(movable, dump(movable, RECORDS["plain"], *LEFT_OUT)).values()
    assert result == "made" and sorted(note.split("; ")) == [
        "a contact in a form that is not known is left out", "a privacy rule that is no block is left out",
        "a privacy rule that is no block is left out", "a stored message that has expired is left out",
        "a vCard in a form that is not known is left out", 'the privacy list "o" is left out']
    stream = raw(movable, domain="e.example")
    stream.login("plain", "pass").bind("r")
    [(jid, item)] = roster(stream).items()
    assert (jid, item.state, item.name, item.groups) == ("d@far.example", "none+ask", "D", ["one", "two"])
    assert [i.get("jid") for i in stream.iq("get", "<blocklist xmlns='urn:xmpp:blocking'/>")[0]] == ["c@far.example"]
    stream.send("<presence/>")
    stream.until(lambda e: e.get("type") == "subscribe" and e.get("from") == "d@far.example")
    came = [stream.until(lambda e: e.tag == CLIENT + "message") for _ in range(2)]
    assert [body(m) for m in came] == ["sooner", "later"]


@pytest.mark.parametrize("last, where", [
    ("{roster,{<<\"u\">>,", 3), ("{passwd,{<<\"u\">>,<<\"e.example\">>},<<\"x\">>", 3), ("{passwd,a b}.", 3),
    ("{vcard," + "[" * 300 + "]" * 300 + "}.", 3)], ids=["in a binary", "before the dot", "no term", "too deep"])
def test_a_dump_that_is_broken_is_refused_as_a_whole(movable, last, where):
    file = dump(movable, RECORDS["plain"], last)
    done = movable.ctl("import", file)
    assert done.returncode == 1 and f"{file}:{where}: " in done.stderr
    assert movable.rows("user", "list", "e.example") == []


def test_what_only_erlang_can_read_is_named(movable):
    file = movable.dir / "backup"
    file.write_bytes(b"\1\2\3\4\143\130\115\13" + bytes(100))
    folder = movable.dir / "spool"
    folder.mkdir()
    (folder / "schema.DAT").write_bytes(b"x")
    for path in (file, folder):
        for more in ([], ["--format", "ejabberd"]):
            done = movable.ctl("import", path, *more)
            assert done.returncode == 1 and "ejabberdctl dump" in done.stderr


DISABLED = "<disabled xmlns='https://bulkhead.example/export'>unpaid &amp; late</disabled>"
BANNED = ("<query xmlns='jabber:iq:private'><banned xmlns='ejabberd:banned'><reason>spam</reason><bandate>x</bandate>"
          "</banned></query>")
OF_PROSODY = 'return { password = "x", disabled = true, disabled_meta = { reason = "ibr", comment = "gone" } };'


def state(suite, account):
    [row] = suite.rows("user", "show", account)
    return row["state"], row["reason"]


def test_who_is_disabled_there_is_disabled_here(movable, raw):
    users = f"<user name='own' password='x'>{DISABLED}</user><user name='banned' password='x'>{BANNED}</user>"
    counts, _ = import_(movable, document(movable, users))
    folder = movable.dir / "data" / "p%2eexample" / "accounts"
    folder.mkdir(parents=True)
    (folder / "lua.dat").write_text(OF_PROSODY)
    assert counts == (2, 0, 0, 0) and report(movable, movable.dir / "data") == {"lua@p.example": ("made", "it is disabled")}
    for name, reason in (("own", "unpaid & late"), ("banned", "spam"), ("lua", "gone")):
        assert state(movable, f"{name}@p.example") == ("disabled", reason)
        assert verdict(movable, raw, name, "x", "SCRAM-SHA-256", "p.example") == "account-disabled"
    assert import_(movable, document(movable, users))[0] == (0, 0, 2, 0)
    assert movable.ctl("user", "enable", "own@p.example").returncode == 0
    assert verdict(movable, raw, "own", "x", "SCRAM-SHA-256", "p.example") == "success"


def test_an_import_disables_and_enables_nobody(movable, raw):
    """With the same password, with another, without one; not by trying."""
    def user(inner="", password="password='x'"):
        return document(movable, f"<user name='u' {password}>{inner}</user>")
    import_(movable, user())
    stream = raw(movable, domain="p.example")
    stream.login("u", "x").bind("r")
    assert import_(movable, user(DISABLED), "--dry-run")[0] == (0, 1, 0, 0)
    stream.ping()
    assert import_(movable, user(DISABLED))[0] == (0, 1, 0, 0)
    with pytest.raises(StreamError) as error:
        stream.next()
    assert error.value.text == "the account was disabled: unpaid & late"
    assert import_(movable, user())[0] == (0, 0, 1, 0)
    assert state(movable, "u@p.example") == ("disabled", "unpaid & late")
    for inner, password, now in ((DISABLED, "password='y'", "y"), (DISABLED, "", "y")):
        movable.ctl("user", "enable", "u@p.example")
        assert import_(movable, user(inner, password))[0] == (0, 1, 0, 0)
        assert verdict(movable, raw, "u", now, "SCRAM-SHA-256", "p.example") == "account-disabled"
    done = import_(movable, document(movable, f"<user name='none'>{DISABLED}</user>"), code=1)[1]
    assert "neither a password nor a SCRAM key" in done.stderr


def test_a_message_that_was_taken_is_not_given_twice(movable, raw):
    import_(movable, EJABBERD)
    u1 = log_in(movable, raw, "u1", "e.example", priority=None)
    assert len(stored(u1)) == 1
    u1.close()
    assert import_(movable, EJABBERD)[0] == (0, 0, 3, 0)
    assert stored(log_in(movable, raw, "u1", "e.example", priority=None)) == []


def test_plain_passwords_become_keys_and_stay_the_same(movable, raw):
    file = document(movable, "<user name='plain' password='first'/>")
    assert import_(movable, file)[0] == (1, 0, 0, 0)
    assert verdict(movable, raw, "plain", "first", "SCRAM-SHA-256", "p.example") == "success"
    assert import_(movable, file)[0] == (0, 0, 1, 0)
    file = document(movable, "<user name='plain' password='second'/>")
    assert import_(movable, file, "--dry-run")[0] == (0, 1, 0, 0)
    assert verdict(movable, raw, "plain", "first", "SCRAM-SHA-256", "p.example") == "success"
    assert import_(movable, file)[0] == (0, 1, 0, 0)
    assert verdict(movable, raw, "plain", "second", "SCRAM-SHA-256", "p.example") == "success"


BAD = {
    "a@b": "no address", "": "no address", "nothing": "neither a password",
    "keys": "SCRAM keys", "long": "longer than", "contacts": "routerd.roster_contacts",
}


def test_what_is_wrong_with_one_account_stops_no_other(movable):
    movable.edit(**{"routerd.roster_contacts": 10})
    movable.restart()
    keys = ("<scram-credentials xmlns='urn:xmpp:pie:0#scram' mechanism='SCRAM-SHA-1'><iter-count>1</iter-count>"
            "<salt>YQ==</salt><server-key>YQ==</server-key><stored-key>YQ==</stored-key></scram-credentials>")
    items = "".join(f"<item jid='c{n}@x.example'/>" for n in range(11))
    users = ("<user name='first' password='x'/><user name='a@b' password='x'/><user name='' password='x'/>"
             f"<user name='nothing'/><user name='keys'>{keys}</user><user name='long' password='{'x' * 2000}'/>"
             f"<user name='contacts' password='x'><query xmlns='jabber:iq:roster'>{items}</query></user>"
             "<user name='Last' password='x'/>")
    counts, done = import_(movable, document(movable, users), code=1)
    assert counts == (2, 0, 0, 6)
    lines = done.stderr.splitlines()
    for name, why in BAD.items():
        assert [line for line in lines if line.startswith(f"{name}@p.example") and why in line], (name, lines)
    made = [r["account"] for r in movable.rows("user", "list", "p.example")]
    assert "first@p.example" in made and "last@p.example" in made and "keys@p.example" not in made


def test_a_domain_that_is_not_served_is_named(movable):
    counts, done = import_(movable, document(movable, "<user name='u' password='x'/>", "other.example"), code=1)
    assert counts == (0, 0, 0, 1) and "not served" in done.stderr


@pytest.mark.parametrize("head, why", [
    ("<!DOCTYPE l [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]>", "DTD"),
    ("<!DOCTYPE l SYSTEM 'file:///etc/passwd'>", "DTD"), ("<?php x?>", "instruction"), ("<!-- x -->", "comment")])
def test_a_dtd_is_refused(movable, head, why):
    file = document(movable, "<user name='u' password='x'/>", head=head)
    done = movable.ctl("import", file)
    assert done.returncode == 1 and why.lower() in done.stderr.lower()
    assert movable.rows("user", "list", "p.example") == []


@pytest.mark.parametrize("href", ["/etc/passwd", "../secret.xml", "file:///etc/passwd", "x/../../secret.xml"])
def test_nothing_outside_of_the_folder_is_included(movable, href):
    (movable.dir / "secret.xml").write_text("<user xmlns='urn:xmpp:pie:0' name='u' password='x'/>")
    folder = movable.dir / "in"
    folder.mkdir()
    file = folder / "main.xml"
    file.write_text("<server-data xmlns='urn:xmpp:pie:0' xmlns:xi='http://www.w3.org/2001/XInclude'>"
                    f"<host jid='p.example'><xi:include href='{href}'/></host></server-data>")
    done = movable.ctl("import", file)
    assert done.returncode == 1 and "not included" in done.stderr


@pytest.mark.parametrize("text", [
    "return os.execute('touch /tmp/x');", "return { [\"password\"] = (\"x\"):rep(1e9); };",
    "return " + "{" * 100, "return { [\"password\"] = \"\\999\" };", "while true do end", "\x1bLua"])
def test_a_file_of_prosody_is_not_run(movable, text):
    folder = movable.dir / "data" / "p%2eexample" / "accounts"
    folder.mkdir(parents=True)
    (folder / "bad.dat").write_text(text)
    (folder / "good.dat").write_text('return { password = "x" };')
    counts, done = import_(movable, movable.dir / "data", code=1)
    assert counts == (1, 0, 0, 1) and "no data of prosody" in done.stderr


def test_a_name_with_a_nul_is_nobody_else_s(movable):
    folder = movable.dir / "data" / "p%2eexample" / "accounts"
    folder.mkdir(parents=True)
    (folder / "admin%00x.dat").write_text('return { password = "taken" };')
    counts, done = import_(movable, movable.dir / "data", code=1)
    assert counts == (0, 0, 0, 1) and "no address" in done.stderr
    assert movable.rows("user", "list", "p.example") == []


def test_a_report_has_a_line_for_each_account(movable):
    file = movable.dir / "report"
    import_(movable, PROSODY, "--report", file)
    lines = file.read_text().splitlines()
    assert lines[0].split() == ["ACCOUNT", "RESULT", "NOTE"]
    assert sorted(line.split()[:2] for line in lines[1:]) == [[f"u{n}@p.example", "made"] for n in (1, 2, 3)]
    note = "the PEP node urn:xmpp:test is left out"
    assert [line.split()[0] for line in lines if note in line] == ["u1@p.example"]
    assert report(movable, PROSODY) == {"u1@p.example": ("unchanged", note),
                                        "u2@p.example": ("unchanged", ""), "u3@p.example": ("unchanged", "")}


def test_contacts_that_were_made_here_stay(movable, raw):
    import_(movable, EJABBERD)
    u1 = log_in(movable, raw, "u1", "e.example")
    u1.iq("set", "<query xmlns='jabber:iq:roster'><item jid='mine@e.example'/></query>")
    import_(movable, EJABBERD)
    assert set(roster(u1)) == {"mine@e.example", "u2@e.example"}


def test_a_file_may_come_on_standard_input(movable):
    file = document(movable, "<user name='u' password='x'/>")
    done = movable.ctl("import", "-", input=file.read_text())
    assert done.returncode == 0 and done.stdout.startswith("1 made")
    included = file.read_text().replace("<user ", "<include xmlns='http://www.w3.org/2001/XInclude' href='a.xml'/><user ")
    assert movable.ctl("import", "-", input=included).returncode == 1


def test_wrong_usage_says_what_there_is(movable):
    done = movable.ctl("import", PROSODY, "--format", "openfire")
    assert done.returncode == 2 and "prosody" in done.stderr
    assert movable.ctl("import", movable.dir / "none").returncode == 1
    assert movable.ctl("import", movable.config).returncode == 1
