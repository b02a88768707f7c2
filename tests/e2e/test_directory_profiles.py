"""Profiles and searches out of a directory: OpenLDAP's slapd, a real dirsyncd, and a routerd that the test plays."""
import base64
import signal
import xml.etree.ElementTree as ET

import pytest

from bus import LATER, NOTHING, THERE
from router import follow  # noqa: F401 (a fixture)
from slapd import PEOPLE, make_slapd, slapd  # noqa: F401 (fixtures)
from suite import eventually

VCARD = "{vcard-temp}"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(200))
JPEG = b"\xff\xd8\xff\xe0" + b"\x00\x10JFIF" * 20
GARBAGE = bytes(range(256))
HUGE = b"\xff\xd8\xff\xe0" + bytes(5 * 1024 * 1024)


def person(uid, **attributes):
    """LDIF; a value may be bytes, or a list."""
    lines = [f"dn: uid={uid},{PEOPLE}", "objectClass: inetOrgPerson", f"uid: {uid}"]
    for name, values in {"cn": uid, "sn": uid, **attributes}.items():
        for value in values if isinstance(values, list) else [values]:
            data = value if isinstance(value, bytes) else value.encode()
            lines.append(f"{name}:: {base64.b64encode(data).decode()}")
    return "\n".join(lines) + "\n\n"


def add(directory, *ldif):
    directory.tool("ldapadd", input="".join(ldif))


def vcard(dirsyncd, account):
    state, xml = dirsyncd.profile(account)
    assert state == THERE
    return ET.fromstring(xml)


def paths(element, prefix=""):
    """["FN=Ann", "TEL/WORK,NUMBER=1"]: leaves with text; empty ones before them as the kind."""
    found = []
    for child in element:
        name = child.tag.replace(VCARD, "")
        kinds = "".join(f"{k.tag.replace(VCARD, '')}," for k in child if not len(k) and not k.text)
        if len(child):
            found += paths(child, f"{prefix}{name}/{kinds}")
        elif child.text:
            found.append(f"{prefix}{name}={child.text}")
    return found


def ready(dirsyncd, accounts=None):
    dirsyncd.log.wait(f"directory-followed .*accounts={accounts or '[0-9]+'}")
    return dirsyncd


# Profiles.

def test_an_entry_is_a_vcard(slapd, follow):  # noqa: F811
    add(slapd, person(
        "alice", cn="Alice Liddell", sn="Liddell", givenName="Alice", displayName="Alice <& Co>", mail=["a@x", "b@x"],
        telephoneNumber=["1", "2"], mobile="3", homePhone="4", facsimileTelephoneNumber="5", pager="6", title="Ms",
        businessCategory="Heroine", o="Christ Church", ou=["Deanery", "Garden"], street="Folly Bridge", l="Oxford",
        st="Oxon", postalCode="OX1", postOfficeBox="7", labeledURI="http://example.org/ me",
        description="Curious", jpegPhoto=JPEG))
    dirsyncd = ready(follow(slapd))
    assert paths(vcard(dirsyncd, "alice@localhost")) == [
        "FN=Alice <& Co>", "N/FAMILY=Liddell", "N/GIVEN=Alice", "NICKNAME=Alice <& Co>",
        "PHOTO/TYPE=image/jpeg", f"PHOTO/BINVAL={base64.b64encode(JPEG).decode()}",
        "ADR/WORK,POBOX=7", "ADR/WORK,STREET=Folly Bridge", "ADR/WORK,LOCALITY=Oxford", "ADR/WORK,REGION=Oxon",
        "ADR/WORK,PCODE=OX1", "TEL/HOME,VOICE,NUMBER=4", "TEL/WORK,VOICE,NUMBER=1", "TEL/WORK,VOICE,NUMBER=2",
        "TEL/WORK,FAX,NUMBER=5", "TEL/PAGER,NUMBER=6", "TEL/CELL,NUMBER=3", "EMAIL/INTERNET,USERID=a@x",
        "EMAIL/INTERNET,USERID=b@x", "TITLE=Ms", "ROLE=Heroine", "ORG/ORGNAME=Christ Church", "ORG/ORGUNIT=Deanery",
        "ORG/ORGUNIT=Garden", "URL=http://example.org/", "DESC=Curious"]


def test_changes_arrive(slapd, follow):  # noqa: F811
    slapd.add("alice")
    dirsyncd = ready(follow(slapd))
    slapd.modify("alice", "replace: displayName\ndisplayName: Alice Liddell")
    eventually(lambda: "FN=Alice Liddell" in paths(vcard(dirsyncd, "alice@localhost")), "the change")
    slapd.delete("alice")
    eventually(lambda: dirsyncd.profile("alice@localhost")[0] == NOTHING, "the change")
    slapd.add("bob")
    eventually(lambda: dirsyncd.profile("bob@localhost")[0] == THERE, "the change")


def test_a_map_of_ones_own(slapd, follow):  # noqa: F811
    add(slapd, person("alice", telephoneNumber="1", mail="a@x"))
    dirsyncd = ready(follow(slapd, profile=["FN=displayName|cn", "TEL/WORK/NUMBER=telephoneNumber",
                                            "ORG/ORGNAME='Example & Sons'"]))
    assert paths(vcard(dirsyncd, "alice@localhost")) == ["FN=alice", "TEL/WORK,NUMBER=1", "ORG/ORGNAME=Example & Sons"]
    # Another one makes other profiles out of the same entries.
    dirsyncd.suite.edit(**{'directory "main".profile': ["FN=mail"]})
    dirsyncd.restart()
    ready(dirsyncd)
    assert paths(vcard(dirsyncd, "alice@localhost")) == ["FN=a@x"]


@pytest.mark.parametrize("entry, reason", [
    ("TEL/WROK/NUMBER=telephoneNumber", "WROK is no part of it in XEP-0054"),
    ("FN=cn)(uid=*", "is no name of an attribute")])
def test_a_wrong_map_is_named_and_nothing_starts(slapd, follow, entry, reason):  # noqa: F811
    dirsyncd = follow(slapd, start=False, profile=["FN=cn", entry]).spawn()
    assert dirsyncd.process.wait(20) == 78
    dirsyncd.log.wait(f'directory ..main..: profile: ..{entry.replace("(", ".").replace(")", ".").replace("*", ".")}..')
    dirsyncd.log.wait(reason)
    dirsyncd.process = None


def test_a_reload_with_a_wrong_map_changes_nothing(slapd, follow):  # noqa: F811
    slapd.add("alice")
    dirsyncd = ready(follow(slapd))
    dirsyncd.suite.edit(**{'directory "main".profile': ["FN=cn", "FN=sn"]})
    dirsyncd.process.send_signal(signal.SIGHUP)
    # Asking reads the link, on which the reload is led.
    eventually(lambda: dirsyncd.profile("alice@localhost")[0] == THERE and
               dirsyncd.log.find('profile: ..FN=sn..: FN=sn is there already'), "the refusal")
    slapd.add("bob")
    eventually(lambda: dirsyncd.profile("bob@localhost")[0] == THERE, "bob's profile")


def test_nobody_else_has_a_profile(slapd, follow):  # noqa: F811
    slapd.add("alice")
    dirsyncd = ready(follow(slapd))
    assert dirsyncd.profile("bob@localhost")[0] == NOTHING
    assert dirsyncd.profile("alice@elsewhere.test")[0] == NOTHING
    assert dirsyncd.profile("alice@localhost")[0] == THERE


def test_a_directory_may_make_none(slapd, follow):  # noqa: F811
    slapd.add("alice")
    dirsyncd = ready(follow(slapd, profiles="off"))
    assert dirsyncd.profile("alice@localhost")[0] == NOTHING
    assert dirsyncd.find(user="al") == ["alice"]


def test_before_the_directory_has_been_read_nobody_knows(slapd, follow):  # noqa: F811
    slapd.add("alice")
    slapd.stop()
    dirsyncd = follow(slapd)
    assert dirsyncd.profile("alice@localhost") == (LATER, "")
    assert dirsyncd.search(user="alice") == (LATER, 0, [])
    slapd.start()
    ready(dirsyncd)
    assert dirsyncd.profile("alice@localhost")[0] == THERE
    # Later the store knows, whether the directory is there or not.
    slapd.stop()
    dirsyncd.restart()
    eventually(lambda: dirsyncd.profile("alice@localhost")[0] == THERE, "the store")
    assert dirsyncd.find(user="alice") == ["alice"]
    slapd.start()


# Pictures, and what cannot be used.

@pytest.fixture
def pictures(make_slapd):  # noqa: F811
    server = make_slapd()
    server.load("".join([
        person("png", jpegPhoto=PNG), person("jpeg", jpegPhoto=JPEG), person("garbage", jpegPhoto=GARBAGE, title="T"),
        person("huge", jpegPhoto=HUGE, title="T"), person("second", jpegPhoto=[GARBAGE, PNG])]))
    return server.start()


def test_pictures_of_every_kind(pictures, follow):  # noqa: F811
    dirsyncd = ready(follow(pictures), 5)

    def photo(user):
        card = vcard(dirsyncd, f"{user}@localhost")
        found = card.find(f"{VCARD}PHOTO")
        return found is not None and (found[0].text, base64.b64decode(found[1].text))
    assert photo("png") == ("image/png", PNG)
    assert photo("jpeg") == ("image/jpeg", JPEG)
    assert photo("second") == ("image/png", PNG)
    assert not photo("garbage") and not photo("huge")
    assert "TITLE=T" in paths(vcard(dirsyncd, "garbage@localhost"))
    assert "TITLE=T" in paths(vcard(dirsyncd, "huge@localhost"))


def warnings(dirsyncd, user):
    return dirsyncd.log.find(f"entry-warning .*dn=\"?uid={user},{PEOPLE}")


def test_what_cannot_be_used_is_one_warning_with_its_dn(pictures, follow):  # noqa: F811
    dirsyncd = ready(follow(pictures), 5)
    assert [len(warnings(dirsyncd, u)) for u in ("png", "jpeg", "garbage", "huge")] == [0, 0, 1, 1]
    assert "5242884 bytes" in warnings(dirsyncd, "huge")[0]
    # Not again when all is sent again, nor when something else changes.
    mark = dirsyncd.log.mark()
    pictures.kill(), pictures.start()
    pictures.modify("garbage", "replace: title\ntitle: U")
    dirsyncd.log.wait("directory-followed", since=mark)
    eventually(lambda: "TITLE=U" in paths(vcard(dirsyncd, "garbage@localhost")), "the change")
    assert [len(warnings(dirsyncd, u)) for u in ("garbage", "huge")] == [1, 1]
    # But of another picture.
    pictures.modify("garbage", f"replace: jpegPhoto\njpegPhoto:: {base64.b64encode(GARBAGE[::-1]).decode()}")
    dirsyncd.log.wait("entry-warning .*uid=garbage", since=mark)
    pictures.modify("garbage", f"replace: jpegPhoto\njpegPhoto:: {base64.b64encode(JPEG).decode()}")
    eventually(lambda: vcard(dirsyncd, "garbage@localhost").find(f"{VCARD}PHOTO") is not None, "the change")


def test_an_entry_without_an_address_is_one_warning(slapd, follow):  # noqa: F811
    slapd.add("alice")
    add(slapd, f"dn: cn=nobody,{PEOPLE}\nobjectClass: inetOrgPerson\ncn: nobody\nsn: x\n\n",
        f"dn: cn=bad,{PEOPLE}\nobjectClass: inetOrgPerson\ncn: bad\nsn: x\nuid: a@b\n\n")
    dirsyncd = ready(follow(slapd), 1)
    mark = dirsyncd.log.mark()
    slapd.kill(), slapd.start()
    dirsyncd.log.wait("directory-followed", since=mark)
    for name in ("nobody", "bad"):
        assert len(dirsyncd.log.find(f"entry-warning .*dn=\"?cn={name},{PEOPLE}.*no account")) == 1
    # It becomes one.
    slapd.tool("ldapmodify", input=f"dn: cn=nobody,{PEOPLE}\nchangetype: modify\nadd: uid\nuid: nobody\n")
    eventually(lambda: dirsyncd.find(user="nobody") == ["nobody"], "the change")


def test_texts_that_xml_cannot_hold_are_left_out(slapd, follow):  # noqa: F811
    add(slapd, person("alice", description="one\x07two", title="</TITLE><FN>x</FN>", displayName="A\x1bB", cn="Alice"))
    dirsyncd = ready(follow(slapd))
    assert paths(vcard(dirsyncd, "alice@localhost")) == [
        "FN=Alice", "N/FAMILY=alice", "NICKNAME=Alice", "TITLE=</TITLE><FN>x</FN>"]
    assert {line.split("reason=")[1].split(":")[0].strip('"') for line in warnings(dirsyncd, "alice")} == {
        "description", "displayName"}


# Searches.

@pytest.fixture
def searchable(slapd):  # noqa: F811
    add(slapd, person("mueller", cn="Jörg Müller", sn="Müller", givenName="Jörg", mail="joerg@example.org"),
        person("mullins", cn="Moon Mullins", sn="Mullins", givenName="Moon", mail="Moon@Example.org"),
        person("percent", cn="100% sure", sn="_under", givenName="%", mail="p@example.org"),
        person("alice", cn="Alice", sn="Liddell", displayName="Lass  of the Looking-Glass"))
    return slapd


def test_a_search_finds_by_how_fields_begin_without_regard_to_case(searchable, follow):  # noqa: F811
    dirsyncd = ready(follow(searchable))
    assert dirsyncd.find(last="müll") == ["mueller"]
    assert dirsyncd.find(last="MU\u0308LL") == ["mueller"]
    assert dirsyncd.find(last="mull") == ["mullins"]
    assert dirsyncd.find(first="MOON") == ["mullins"]
    assert dirsyncd.find(nick="jörg m") == ["mueller"]
    assert dirsyncd.find(nick=" lass of THE ") == ["alice"]
    assert dirsyncd.find(email="moon@example") == ["mullins"]
    assert dirsyncd.find(user="MU") == ["mueller", "mullins"]
    assert dirsyncd.find(user="ueller") == []
    assert dirsyncd.search(user="alice") == (THERE, 0, [
        ["alice@localhost", "", "Liddell", "Lass  of the Looking-Glass", ""]])


def test_marks_that_other_searches_use_mean_themselves(searchable, follow):  # noqa: F811
    dirsyncd = ready(follow(searchable))
    assert dirsyncd.find(first="%") == ["percent"]
    assert dirsyncd.find(last="_") == ["percent"]
    assert dirsyncd.find(nick="100% s") == ["percent"]
    for text in ("*", "?", "m%", "m_ll", "' OR 1=1 --", "a)(uid=*", "\\2a", "[a-z]"):
        assert dirsyncd.find(user=text) == [] and dirsyncd.find(last=text) == []


def test_all_that_is_wanted_must_be_so(searchable, follow):  # noqa: F811
    dirsyncd = ready(follow(searchable))
    assert dirsyncd.find(user="mu", first="m") == ["mullins"]
    assert dirsyncd.find(user="m", first="m", last="m", nick="m", email="m") == ["mullins"]
    assert dirsyncd.find(user="mu", first="x") == []


def test_nothing_wanted_finds_nobody(searchable, follow):  # noqa: F811
    dirsyncd = ready(follow(searchable))
    assert dirsyncd.find() == []
    assert dirsyncd.find(user="  ") == []
    assert dirsyncd.find(user="a" * 1024) == []


def test_only_accounts_that_may_be_used_are_found(searchable, follow):  # noqa: F811
    dirsyncd = ready(follow(searchable))
    searchable.modify("mueller", "replace: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z")
    eventually(lambda: dirsyncd.find(user="mu") == ["mullins"], "the change")
    assert dirsyncd.profile("mueller@localhost")[0] == THERE


def test_a_search_is_in_one_domain(searchable, make_slapd, follow):  # noqa: F811
    other = make_slapd().start()
    other.add("alicia")
    more = {key.replace('"main"', '"other"'): "other" if value == "main" else value
            for key, value in other.settings("other.test").items()}
    dirsyncd = follow(searchable, more, domains=("localhost", "other.test"), start=False)
    dirsyncd.suite.edit(**more)
    dirsyncd.start()
    dirsyncd.log.wait("directory-followed directory=main"), dirsyncd.log.wait("directory-followed directory=other")
    assert [row[0] for row in dirsyncd.search(user="ali")[2]] == ["alice@localhost"]
    assert [row[0] for row in dirsyncd.search("other.test", user="ali")[2]] == ["alicia@other.test"]
    assert dirsyncd.search("nowhere.test", user="ali") == (NOTHING, 0, [])


def test_a_search_has_a_limit_and_says_that_there_are_more(slapd, follow):  # noqa: F811
    add(slapd, *(person(f"user{n}", sn=f"S{n}") for n in range(9)))
    dirsyncd = ready(follow(slapd, search_results=7))
    assert dirsyncd.search(user="user", limit=3)[1:] == (1, [
        [f"user{n}@localhost", "", f"S{n}", f"user{n}", ""] for n in range(3)])
    state, more, rows = dirsyncd.search(user="user", limit=1000)
    assert (state, more, len(rows)) == (THERE, 1, 7)
    add(slapd, person("x1"), person("x2"))
    eventually(lambda: len(dirsyncd.find(user="x")) >= 2, "the change")
    assert dirsyncd.search(user="x", limit=2)[1] == 0


def test_a_directory_may_not_be_searched(slapd, follow):  # noqa: F811
    slapd.add("alice")
    dirsyncd = ready(follow(slapd, search="false"))
    assert dirsyncd.search(user="alice") == (NOTHING, 0, [])
