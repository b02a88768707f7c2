"""EXTERNAL with a directory: whose entry a client's certificate is (directory.certificate)."""
import base64
import os
import signal

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtensionOID, NameOID, ObjectIdentifier

import certificates
import scram
from slapd import BASE, PEOPLE, make_slapd, slapd  # noqa: F401 (fixtures)
from suite import pause
from xmpp import Raw

MAIL = "alice@corp.example"


@pytest.fixture
def start(make_suite, slapd):  # noqa: F811
    """start("mail") -> a suite that asks the directory so; suite.authority is whose certificates it takes."""
    def run(how, settings=None, authorities=("Test CA",), **more):
        suite = make_suite(start=False, domains=["localhost", "mine.example"], accounts={})
        suite.authorities = [certificates.Authority(suite.dir / f"ca-{n}", subject)
                             for n, subject in enumerate(authorities)]
        suite.authority = suite.authorities[0]
        trusted = suite.dir / "trusted.pem"
        trusted.write_text("".join(a.file.read_text() for a in suite.authorities))
        suite.settings.update({"authd.external": True, "c2sd.client_ca": str(trusted),
                               **slapd.settings(certificate=how, **more), **(settings or {})})
        return suite.start()
    return run


def offered(suite, certificate, domain="localhost"):
    with Raw(suite.address, domain) as stream:
        return "EXTERNAL" in stream.open().starttls(certificate=certificate).mechanisms()


def attempt(suite, certificate, authzid="=", domain="localhost"):
    """The account, or the condition of the refusal."""
    with Raw(suite.address, domain) as stream:
        stream.open().starttls(certificate=certificate)
        assert "EXTERNAL" in stream.mechanisms()
        stream.auth("EXTERNAL", authzid)
        verdict = stream.verdict()
        return stream.open().bind("r").jid.split("/")[0] if verdict == "success" else verdict


def mail(*addresses):
    return [x509.RFC822Name._init_without_validation(a) for a in addresses]


def raw_mail(value):
    """A subjectAltName with any bytes for an address."""
    name = b"\x81" + bytes([len(value)]) + value
    return x509.UnrecognizedExtension(ExtensionOID.SUBJECT_ALTERNATIVE_NAME, b"\x30" + bytes([len(name)]) + name)


def dn(*rdns):
    """As in a certificate: the outermost first.  A text is a uid."""
    oids = {"dc": NameOID.DOMAIN_COMPONENT, "ou": NameOID.ORGANIZATIONAL_UNIT_NAME, "uid": NameOID.USER_ID,
            "cn": NameOID.COMMON_NAME, "sn": NameOID.SURNAME}
    return x509.Name([x509.RelativeDistinguishedName(
        [x509.NameAttribute(oids.get(k) or ObjectIdentifier(k), v) for k, v in (rdn if isinstance(rdn, list) else [rdn])])
        for rdn in rdns])


def person(uid):
    return dn(("dc", "example"), ("ou", "people"), ("uid", uid))


def der(certificate):
    return x509.load_pem_x509_certificate(certificate[0].read_bytes()).public_bytes(serialization.Encoding.DER)


def add_with(slapd, uid, certificate):  # noqa: F811
    slapd.add(uid, **{"userCertificate;binary:": base64.b64encode(der(certificate)).decode()})


def elsewhere(slapd, uid, **more):  # noqa: F811
    """An account's entry that is not below base."""
    slapd.tool("ldapadd", "-c", input=f"dn: ou=others,{BASE}\nobjectClass: organizationalUnit\nou: others\n", check=False)
    text = slapd.person(uid, **more)
    slapd.tool("ldapadd", input=f"dn: uid={uid},ou=others,{BASE}\n" + text.split("\n", 1)[1])


# By address, as everywhere.

def test_by_the_address_in_it(slapd, start):  # noqa: F811
    slapd.add("alice")
    suite = start("address")
    assert attempt(suite, suite.authority.client("alice@localhost")) == "alice@localhost"
    assert attempt(suite, suite.authority.client("bob@localhost")) == "not-authorized"
    assert not offered(suite, suite.authority.holder(names=mail(MAIL)))


# By e-mail address.

def test_by_e_mail_address(slapd, start):  # noqa: F811
    slapd.add("alice", mail=MAIL), slapd.add("bob", mail="bob@corp.example")
    suite = start("mail")
    certificate = suite.authority.holder(names=mail(MAIL, "bob@corp.example"))
    for authzid in ("=", scram.b64("alice@localhost")):
        assert attempt(suite, certificate, authzid) == "alice@localhost"
    for authzid in ("bob@localhost", "alice@localhost/r", "alice@mine.example", "alice"):
        assert attempt(suite, certificate, scram.b64(authzid)) == "invalid-authzid"
    assert attempt(suite, suite.authority.holder(names=mail("carol@corp.example"))) == "not-authorized"


def test_an_account_is_what_the_entry_says_prepared(slapd, start):  # noqa: F811
    slapd.add("Alice", mail=MAIL)
    suite = start("mail")
    assert attempt(suite, suite.authority.holder(names=mail(MAIL))) == "alice@localhost"


def test_an_address_that_two_have_is_nobody_s(slapd, start):  # noqa: F811
    slapd.add("alice", mail=MAIL), slapd.add("bob", mail=MAIL)
    suite = start("mail")
    assert attempt(suite, suite.authority.holder(names=mail(MAIL))) == "not-authorized"


def test_a_name_that_two_have_is_nobody_s(slapd, start):  # noqa: F811
    slapd.add("alice", mail=MAIL)
    slapd.tool("ldapadd", input=f"dn: ou=more,{PEOPLE}\nobjectClass: organizationalUnit\nou: more\n\n"
               f"dn: uid=alice,ou=more,{PEOPLE}\n" + slapd.person("alice").split("\n", 1)[1])
    suite = start("mail")
    assert attempt(suite, suite.authority.holder(names=mail(MAIL))) == "not-authorized"


def test_who_is_no_account_is_nobody(slapd, start):  # noqa: F811
    slapd.add("alice", mail=MAIL)
    suite = start("mail", filter="(&(objectClass=inetOrgPerson)(!(uid=alice)))")
    assert attempt(suite, suite.authority.holder(names=mail(MAIL))) == "not-authorized"


@pytest.mark.parametrize("address", ["*", "*)(uid=*", "alice@corp.example)(uid=*", "a*@corp.example", "\\2a",
                                     "alice@corp.example\\00", ")(|(uid=alice", "alice@corp.exampl\\65"])
def test_s23_an_address_is_nothing_but_an_address(slapd, start, address):  # noqa: F811
    slapd.add("alice", mail=MAIL)
    suite = start("mail")
    assert attempt(suite, suite.authority.holder(names=mail(address))) == "not-authorized"
    assert not suite.log.find("directory-failed")


@pytest.mark.parametrize("value", [MAIL.encode() + b"\0", b"\0" + MAIL.encode(), b"alice@corp.example\0.evil",
                                   "alicé@corp.example".encode(), b"\xff\xfe", b"alice @corp.example", b"alice\n@corp.example"])
def test_s23_what_is_no_address_is_not_looked_for(slapd, start, value):  # noqa: F811
    slapd.add("alice", mail=MAIL)
    suite = start("mail")
    assert not offered(suite, suite.authority.holder(extensions=[raw_mail(value)]))


def test_certificates_without_an_address_are_of_no_use(slapd, start):  # noqa: F811
    slapd.add("alice", mail=MAIL)
    suite = start("mail")
    certificate = suite.authority.client("alice@localhost")
    assert not offered(suite, certificate)
    with Raw(suite.address) as stream:
        stream.open().starttls(certificate=certificate).auth("EXTERNAL", "=")
        assert stream.verdict() == "invalid-mechanism"


def test_a_certificate_of_an_unknown_authority_is_of_no_use(slapd, start):  # noqa: F811
    slapd.add("alice", mail=MAIL)
    suite = start("mail")
    other = certificates.Authority(suite.dir / "other")
    assert not offered(suite, other.holder(names=mail(MAIL)))


def test_accounts_of_our_own_are_known_by_address_all_the_same(slapd, start):  # noqa: F811
    slapd.add("alice", mail=MAIL)
    suite = start("mail")
    suite.add_accounts({"alice@mine.example": "wonderland-1"})
    both = suite.authority.holder(names=mail(MAIL) + [
        x509.OtherName(certificates.XMPP_ADDR, certificates.utf8_string("alice@mine.example"))])
    assert attempt(suite, both) == "alice@localhost"
    assert attempt(suite, both, domain="mine.example") == "alice@mine.example"
    assert not offered(suite, suite.authority.holder(names=mail(MAIL)), "mine.example")


# By subject.

def test_by_subject(slapd, start):  # noqa: F811
    slapd.add("alice"), slapd.add("bob")
    suite = start("subject")
    certificate = suite.authority.holder(person("alice"))
    assert attempt(suite, certificate) == "alice@localhost"
    assert attempt(suite, certificate, scram.b64("bob@localhost")) == "invalid-authzid"
    assert attempt(suite, suite.authority.holder(person("carol"))) == "not-authorized"


@pytest.mark.parametrize("uid", ["o,connor", "plus+er", "semi;colon", "ünïcode", "hash#tag", "#hash", "equals=sign", "日本"])
def test_s23_names_that_mean_something_to_directories_are_names(slapd, start, uid):  # noqa: F811
    slapd.add(uid)
    suite = start("subject")
    assert attempt(suite, suite.authority.holder(person(uid))) == f"{uid}@localhost"


@pytest.mark.parametrize("subject", [
    dn(("uid", "alice,ou=people,dc=example")), dn(("dc", "example"), ("uid", "alice,ou=people")),
    dn(("dc", "example"), ("ou", "people"), ("uid", "alice\\")), dn(("dc", "example"), ("ou", "people"), ("uid", "alice\0")),
    dn(("dc", "example"), ("ou", "people"), ("uid", "alice\0,ou=people,dc=example")),
    dn(("dc", "example"), ("ou", "people"), ("uid", "al*")), dn(("dc", "example"), ("ou", "people"), ("uid", "alice)(uid=*")),
    dn(("dc", "example"), ("ou", "people"), [("uid", "alice"), ("cn", "alice")]),
    dn(("dc", "example"), ("ou", "people"), ("cn", "alice")), dn(("ou", "people"), ("dc", "example"), ("uid", "alice")),
    dn(("dc", "example"), ("ou", "people\nuid=alice")), dn(("dc", "example")), dn(("cn", "config")), dn(("cn", "bulkhead")),
    dn(("dc", "example"), ("ou", "people"), ("1.2.3.4", "alice")), dn(("dc", "other"), ("uid", "alice"))],
    ids=lambda s: ascii(s.rfc4514_string()))
def test_s23_a_subject_is_nothing_but_a_name(slapd, start, subject):  # noqa: F811
    slapd.add("alice")
    suite = start("subject")
    assert attempt(suite, suite.authority.holder(subject)) == "not-authorized"
    assert not suite.log.find("directory-failed")
    assert attempt(suite, suite.authority.holder(person("alice"))) == "alice@localhost"


def test_a_subject_outside_of_what_accounts_are_is_nobody(slapd, start):  # noqa: F811
    elsewhere(slapd, "alice"), elsewhere(slapd, "bob"), slapd.add("bob")
    suite = start("subject")
    for uid in ("alice", "bob"):
        outside = dn(("dc", "example"), ("ou", "others"), ("uid", uid))
        assert attempt(suite, suite.authority.holder(outside)) == "not-authorized"
    slapd.add("eve")
    suite = start("subject", filter="(&(objectClass=inetOrgPerson)(!(uid=eve)))")
    assert attempt(suite, suite.authority.holder(person("eve"))) == "not-authorized"


def test_a_certificate_without_a_subject_is_of_no_use(slapd, start):  # noqa: F811
    suite = start("subject")
    assert not offered(suite, suite.authority.holder(x509.Name([]), mail(MAIL)))
    assert not offered(suite, suite.authority.holder(dn(("cn", "x" * 64), *[("ou", "y" * 64)] * 40), mail(MAIL)))


# By the certificate itself.

def test_by_the_certificate_itself(slapd, start):  # noqa: F811
    suite = start("exact")
    certificate = suite.authority.holder("nothing that anybody is called")
    assert attempt(suite, certificate) == "not-authorized"
    add_with(slapd, "alice", certificate)
    assert attempt(suite, certificate) == "alice@localhost"
    assert attempt(suite, certificate, scram.b64("bob@localhost")) == "invalid-authzid"
    assert attempt(suite, suite.authority.holder("nothing that anybody is called")) == "not-authorized"


@pytest.mark.parametrize("serial", [1, 9, 10, 127, 128, 255, 256, 2**64 - 1, 2**64, 2**159 - 1])
def test_any_number_of_a_certificate(slapd, start, serial):  # noqa: F811
    suite = start("exact")
    certificate = suite.authority.holder(serial=serial)
    add_with(slapd, "alice", certificate)
    assert attempt(suite, certificate) == "alice@localhost"


@pytest.mark.parametrize("issuer", ['Test "CA", Ltd', 'a"}', "a + b = *)(uid=*", '""', "#\\,"])
def test_s23_any_name_of_an_authority(slapd, start, issuer):  # noqa: F811
    suite = start("exact", authorities=[issuer])
    certificate = suite.authority.holder()
    add_with(slapd, "alice", certificate)
    assert attempt(suite, certificate) == "alice@localhost"
    assert attempt(suite, suite.authority.holder()) == "not-authorized"


def test_number_and_issuer_alone_prove_nothing(slapd, start):  # noqa: F811
    """Another authority of the same name, which is trusted too, has given out the same number."""
    suite = start("exact", authorities=["Test CA", "Test CA"])
    one, two = (a.holder(serial=77) for a in suite.authorities)
    add_with(slapd, "alice", one)
    assert attempt(suite, one) == "alice@localhost"
    assert attempt(suite, two) == "not-authorized"


def test_one_of_several_certificates(slapd, start):  # noqa: F811
    suite = start("exact")
    old, new = suite.authority.holder(), suite.authority.holder()
    add_with(slapd, "alice", old)
    slapd.modify("alice", f"add: userCertificate;binary\nuserCertificate;binary:: {base64.b64encode(der(new)).decode()}")
    assert attempt(suite, old) == attempt(suite, new) == "alice@localhost"


def test_a_certificate_that_two_have_is_nobody_s(slapd, start):  # noqa: F811
    suite = start("exact")
    certificate = suite.authority.holder()
    add_with(slapd, "alice", certificate), add_with(slapd, "bob", certificate)
    assert attempt(suite, certificate) == "not-authorized"


def test_a_certificate_that_is_too_long_is_of_no_use(slapd, start):  # noqa: F811
    suite = start("exact")
    long = suite.authority.holder(extensions=[x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x04\x00" * 4096)])
    assert len(der(long)) > 8192
    assert not offered(suite, long)
    fits = suite.authority.holder(extensions=[x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x04\x00" * 3800)])
    add_with(slapd, "alice", fits)
    assert attempt(suite, fits) == "alice@localhost"


# Who must not come in all the same, and when nobody can say.

@pytest.mark.parametrize("how", ["mail", "subject", "exact"])
def test_a_locked_account_is_told_so(slapd, start, how):  # noqa: F811
    suite = start(how)
    certificate = suite.authority.holder(person("alice"), mail(MAIL))
    slapd.add("alice", mail=MAIL, **{"userCertificate;binary:": base64.b64encode(der(certificate)).decode()})
    slapd.modify("alice", "replace: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z")
    assert attempt(suite, certificate) == "account-disabled"


@pytest.mark.parametrize("how", ["mail", "subject", "exact"])
def test_a_directory_that_is_away_refuses_nobody_for_good(slapd, start, how):  # noqa: F811
    suite = start(how, timeout=2)
    certificate = suite.authority.holder(person("alice"), mail(MAIL))
    slapd.add("alice", mail=MAIL, **{"userCertificate;binary:": base64.b64encode(der(certificate)).decode()})
    assert attempt(suite, certificate) == "alice@localhost"
    pause(slapd.process.pid)
    os.waitid(os.P_PID, slapd.process.pid, os.WSTOPPED)
    try:
        assert attempt(suite, certificate) == "temporary-auth-failure"
    finally:
        os.kill(slapd.process.pid, signal.SIGCONT)
    assert attempt(suite, certificate) == "alice@localhost"


def test_a_reload_asks_in_another_way(slapd, start):  # noqa: F811
    slapd.add("alice", mail=MAIL)
    suite = start("mail")
    certificate = suite.authority.holder(person("alice"), mail(MAIL))
    subject_only = suite.authority.holder(person("alice"))
    assert attempt(suite, certificate) == "alice@localhost" and not offered(suite, subject_only)
    suite.edit(**{'directory "main".certificate': "subject"})
    mark = suite.log.mark()
    suite.reload()
    suite.log.wait("authd reloaded", since=mark), suite.log.wait("c2sd@1 reloaded", since=mark)
    assert attempt(suite, subject_only) == "alice@localhost"
