"""GSSAPI: clients with Kerberos tickets, against MIT's KDC; and directories that know us by Kerberos."""
import base64
import os
import re
import signal
import time
from unittest import mock

import gssapi
import pytest

import scram
from kdc import REALM, kdc  # noqa: F401 (fixture)
from slapd import make_slapd, slapd  # noqa: F401 (fixtures)
from suite import eventually, pause
from xmpp import SASL, Raw

NO_LAYER = 1


@pytest.fixture
def start(kdc, make_suite, monkeypatch):  # noqa: F811
    """start(keys=["xmpp/localhost"], **settings) -> a suite with those keys, on a machine of that realm."""
    def run(settings=None, keys=("xmpp/localhost",), realm=REALM, **how):
        monkeypatch.setenv("KRB5_CONFIG", str(kdc.machine))
        kdc.tolerate(monkeypatch)
        settings = {"authd.keytab": str(kdc.keytab("xmpp.keytab", *keys)), 'domain "localhost".realm': realm,
                    **(settings or {})}
        return make_suite(settings=settings, **how)
    return run


class Ticket:
    """The client's side of an exchange, by Debian's python3-gssapi.  env: of somebody who has a ticket."""

    def __init__(self, env, service="xmpp@localhost", mech=gssapi.MechType.kerberos):
        name = gssapi.Name(service, gssapi.NameType.hostbased_service)
        with mock.patch.dict(os.environ, {k: env[k] for k in ("KRB5_CONFIG", "KRB5CCNAME")}):
            self.context = gssapi.SecurityContext(name=name, usage="initiate", mech=mech)
            self.token = self.context.step()

    def first(self):
        return scram.b64(self.token)

    def answer(self, challenge, authzid="", layer=NO_LAYER):
        """To what came; the last answer names a layer and whom to act as."""
        token = base64.b64decode(challenge or "")
        if not self.context.complete:
            return scram.b64(self.context.step(token) or b"") or "="
        offered = self.context.unwrap(token).message
        assert offered[0] == NO_LAYER and len(offered) == 4
        return scram.b64(self.context.wrap(bytes([layer, 0, 0, 0]) + authzid.encode(), False).message)


def attempt(suite, env, authzid="", domain="localhost", service="xmpp@localhost", layer=NO_LAYER):
    """The account, or the condition of the refusal."""
    with Raw(suite.address, domain) as stream:
        stream.open().starttls()
        assert "GSSAPI" in stream.mechanisms()
        ticket = Ticket(env, service)
        stream.auth("GSSAPI", ticket.first())
        while True:
            element = stream.next()
            if element.tag != SASL + "challenge":
                break
            stream.response(ticket.answer(element.text, authzid, layer))
        stream.incoming.elements.insert(0, element)
        verdict = stream.verdict()
        return stream.open().bind("r").jid.split("/")[0] if verdict == "success" else verdict


def offers(suite):
    with Raw(suite.address) as stream:
        return "GSSAPI" in stream.open().starttls().mechanisms()


def refuses(suite, token):
    """The first message is answered so: the condition, and its text."""
    with Raw(suite.address) as stream:
        stream.open().starttls().auth("GSSAPI", scram.b64(token) or "=")
        return stream.verdict()


# Accounts of our own.

def test_who_has_a_ticket_is_in(kdc, start):  # noqa: F811
    kdc.user("alice")
    suite = start()
    assert attempt(suite, kdc.log_in("alice")) == "alice@localhost"
    suite.log.wait("auth-ok .*mechanism=GSSAPI account=alice@localhost")


def test_slixmpp_comes_with_a_ticket(kdc, start, chat, monkeypatch):  # noqa: F811
    """By python3-kerberos.  It says the local part to act as, and no address."""
    kdc.user("alice")
    suite = start()
    for name, value in kdc.log_in("alice").items():
        monkeypatch.setenv(name, value)
    client = chat(suite, "alice@localhost", mechanism="GSSAPI", credentials={"service-name": "localhost"})
    client.ping()
    suite.log.wait("auth-ok .*mechanism=GSSAPI account=alice@localhost")


def test_it_is_offered_where_there_are_keys_and_a_realm(kdc, start):  # noqa: F811
    def offered(suite, domain):
        with Raw(suite.address, domain) as stream:
            return stream.open().starttls().mechanisms()
    suite = start({"authd.mechanisms": ["PLAIN"]}, domains=["localhost", "mine.example"], accounts={})
    assert offered(suite, "localhost") == ["GSSAPI", "PLAIN"]
    assert offered(suite, "mine.example") == ["PLAIN"]
    suite = start({"authd.keytab": "", "authd.mechanisms": ["PLAIN"]})
    assert offered(suite, "localhost") == ["PLAIN"]
    assert refuses(suite, b"x") == "invalid-mechanism"


def test_a_ticket_of_nobody_here(kdc, start):  # noqa: F811
    kdc.user("carol")
    suite = start()
    assert attempt(suite, kdc.log_in("carol")) == "not-authorized"
    suite.log.wait("account=carol@localhost .*reason=unknown-account")


@pytest.mark.parametrize("authzid, outcome", [
    ("alice@localhost", "alice@localhost"), ("ALICE@LocalHost", "alice@localhost"), ("alice", "alice@localhost"),
    ("bob@localhost", "invalid-authzid"), ("bob", "invalid-authzid"), ("alice@localhost/r", "invalid-authzid"),
    ("alice@mine.example", "invalid-authzid"), ("alice@EXAMPLE.TEST", "invalid-authzid"), ("localhost", "invalid-authzid")])
def test_s11_a_ticket_is_good_for_its_own_account_only(kdc, start, authzid, outcome):  # noqa: F811
    kdc.user("alice")
    assert attempt(start(), kdc.log_in("alice"), authzid) == outcome


@pytest.mark.parametrize("principal", ["alice/admin", "alice/localhost", "xmpp/alice", "al\\@ice", "alice\\@localhost"])
def test_names_of_more_than_one_component_are_no_users(kdc, start, principal):  # noqa: F811
    kdc.user(principal)
    suite = start()
    assert attempt(suite, kdc.log_in(principal)) == "not-authorized"
    suite.log.wait("reason=ticket-of-another")


def test_letters_are_prepared_as_in_addresses(kdc, start):  # noqa: F811
    kdc.user("ALICE")
    assert attempt(start(), kdc.log_in("ALICE")) == "alice@localhost"


@pytest.mark.parametrize("realm", ["OTHER.TEST", "example.test", "EXAMPLE.TES", "EXAMPLE.TEST.", "TEST"])
def test_users_of_another_realm_are_strangers(kdc, start, realm):  # noqa: F811
    kdc.user("alice")
    suite = start(realm=realm)
    assert attempt(suite, kdc.log_in("alice")) == "not-authorized"
    suite.log.wait("reason=ticket-of-another")


def test_any_key_of_the_service_will_do(kdc, start):  # noqa: F811
    """Clients ask for a ticket for the domain, or for the host that they connect to."""
    kdc.user("alice")
    suite = start(keys=["xmpp/localhost", "xmpp/chat.example.org", "host/localhost"])
    env = kdc.log_in("alice")
    for service in ("xmpp@localhost", "xmpp@chat.example.org"):
        assert attempt(suite, env, service=service) == "alice@localhost"
    assert attempt(suite, env, service="host@localhost") == "not-authorized"


def test_a_ticket_for_a_key_that_we_have_not(kdc, start):  # noqa: F811
    kdc.user("alice"), kdc.keytab("another", "xmpp/chat.example.org")
    assert attempt(start(), kdc.log_in("alice"), service="xmpp@chat.example.org") == "not-authorized"


def test_new_keys_in_the_file_count_at_once(kdc, start):  # noqa: F811
    kdc.user("alice")
    suite = start()
    kdc.admin("ktadd", "-k", kdc.dir / "xmpp.keytab", "xmpp/localhost")
    assert attempt(suite, kdc.log_in("alice")) == "alice@localhost"


def test_there_is_no_security_layer(kdc, start):  # noqa: F811
    kdc.user("alice")
    suite = start()
    env = kdc.log_in("alice")
    for layer in (2, 4, 0):
        assert attempt(suite, env, layer=layer) == "malformed-request"


def test_a_ticket_that_somebody_has_overheard_is_of_no_use(kdc, start):  # noqa: F811
    """Nor after a restart: what was seen is in a file."""
    kdc.user("alice")
    suite = start()
    token = Ticket(kdc.log_in("alice")).token
    with Raw(suite.address) as stream:
        stream.open().starttls().auth("GSSAPI", scram.b64(token))
        stream.expect(SASL + "challenge")
    assert refuses(suite, token) == "not-authorized"
    suite.restart()
    assert refuses(suite, token) == "not-authorized"
    suite.log.wait("reason=ticket-refused")


OIDS = {"Kerberos": "2a864886f712010202", "SPNEGO": "2b0601050502", "IAKERB": "2b0601050205", "Microsoft": "2a864882f712010202"}


def framed(oid, rest):
    oid = bytes.fromhex(oid)
    inner = b"\x06" + bytes([len(oid)]) + oid + rest
    return b"\x60\x82" + len(inner).to_bytes(2, "big") + inner


@pytest.mark.parametrize("token", ids=range(18), argvalues=[
    b"", b"\0", b"\x60", b"\x60\x84", b"\x60\xff" + b"\xff" * 300, b"\x60\x80", os.urandom(100), b"\0" * 5000,
    *[framed(oid, b"\x01\x00" + b"\x30\x00" * 50) for oid in OIDS.values()],
    *[framed(oid, b"") for oid in OIDS.values()], framed(OIDS["Kerberos"], b"\x05\x01" + os.urandom(2000)),
    framed(OIDS["Kerberos"], b"\x01\x00" + os.urandom(8000))])
def test_what_is_no_ticket_is_refused(start, token):
    suite = start()
    assert refuses(suite, token) in ("not-authorized", "malformed-request")
    assert not suite.log.find("child-exited")


def test_negotiation_is_not_taken(kdc, start):  # noqa: F811
    """SPNEGO: the same ticket in another envelope."""
    kdc.user("alice")
    suite = start()
    token = Ticket(kdc.log_in("alice"), mech=gssapi.OID.from_int_seq("1.3.6.1.5.5.2")).token
    assert refuses(suite, token) == "malformed-request"
    assert not suite.log.find("child-exited")


def test_a_ticket_cut_or_changed_anywhere_lets_nobody_in(kdc, start):  # noqa: F811
    kdc.user("alice")
    suite = start()
    env = kdc.log_in("alice")
    whole = Ticket(env).token
    for at in range(0, len(whole), len(whole) // 40):
        assert refuses(suite, whole[:at]) in ("not-authorized", "malformed-request")
    for at in range(len(whole) - 200, len(whole), 10):  # all of this is encrypted
        changed = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:]
        assert refuses(suite, changed) == "not-authorized"


# Nobody on the network is needed.

def test_no_kdc_is_needed_to_take_a_ticket(kdc, start):  # noqa: F811
    """Where no accounts are in a directory authd may not even make a socket for the network: it would be killed.  And
    the machine's own krb5.conf wants names looked up in the DNS."""
    assert "dns_canonicalize_hostname = true" in kdc.machine.read_text()
    kdc.user("alice")
    suite = start()
    env = kdc.log_in("alice")
    assert attempt(suite, env) == "alice@localhost"
    kdc.stop()
    before = time.monotonic()
    for _ in range(10):
        assert attempt(suite, env) == "alice@localhost"
    assert time.monotonic() - before < 5
    assert not suite.log.find("child-exited")


# Accounts in a directory.

@pytest.fixture
def start_both(slapd, start):  # noqa: F811
    def run(settings=None, **more):
        return start({**slapd.settings(**more), **(settings or {})}, accounts={})
    return run


def test_the_account_must_be_in_the_directory(kdc, slapd, start_both):  # noqa: F811
    kdc.user("alice")
    suite = start_both()
    env = kdc.log_in("alice")
    assert attempt(suite, env) == "not-authorized"
    slapd.add("alice")
    assert attempt(suite, env) == "alice@localhost"
    slapd.delete("alice")
    assert attempt(suite, env) == "not-authorized"


def test_an_account_that_is_locked_there(kdc, slapd, start_both):  # noqa: F811
    kdc.user("alice"), slapd.add("alice")
    slapd.modify("alice", "replace: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z")
    assert attempt(start_both(), kdc.log_in("alice")) == "account-disabled"


def test_a_directory_that_is_away_refuses_nobody_for_good(kdc, slapd, start_both):  # noqa: F811
    kdc.user("alice"), slapd.add("alice")
    suite = start_both(timeout=2)
    env = kdc.log_in("alice")
    assert attempt(suite, env) == "alice@localhost"
    pause(slapd.process.pid)
    try:
        assert attempt(suite, env) == "temporary-auth-failure"
    finally:
        os.kill(slapd.process.pid, signal.SIGCONT)
    assert attempt(suite, env) == "alice@localhost"


# Settings.

@pytest.mark.parametrize("kind", ["missing", "another service", "no keytab"])
def test_a_keytab_that_is_of_no_use_ends_the_start(kdc, start, kind):  # noqa: F811
    from test_start_errors import refused
    files = {"missing": kdc.dir / "missing", "another service": kdc.keytab("host.keytab", "host/localhost"),
             "no keytab": kdc.config}
    suite = start({"authd.keytab": str(files[kind])}, start=False)
    suite.init(), suite.configure()
    refused(suite, "authd.keytab", files[kind].name)


def test_gssapi_is_no_wish_of_its_own(kdc, start):  # noqa: F811
    from test_start_errors import refused
    suite = start({"authd.mechanisms": ["GSSAPI", "PLAIN"]}, start=False)
    suite.init(), suite.configure()
    refused(suite, "authd.mechanisms", "authd.keytab", "realm")


def test_a_realm_comes_and_goes_with_a_reload(kdc, start):  # noqa: F811
    kdc.user("alice")
    suite = start(realm="")
    for realm, offered in ((REALM, True), ("", False)):
        suite.edit(**{'domain "localhost".realm': realm})
        mark = suite.log.mark()
        suite.reload()
        suite.log.wait("authd reloaded", since=mark)
        eventually(lambda: offers(suite) == offered, f"GSSAPI being offered: {offered}")


def test_the_first_keytab_needs_a_restart_and_says_so(kdc, start):  # noqa: F811
    suite = start({"authd.keytab": ""})
    suite.edit(**{"authd.keytab": str(kdc.dir / "xmpp.keytab")})
    suite.reload()
    suite.log.wait('setting name=authd.keytab .*result="needs a restart of authd"')
    suite.restart()
    kdc.user("alice")
    assert attempt(suite, kdc.log_in("alice")) == "alice@localhost"


# We ourselves, in a directory.

@pytest.fixture
def bound(kdc, make_slapd, make_suite, monkeypatch):  # noqa: F811
    """bound(**settings of the directory) -> a suite that is known to its directory by Kerberos alone."""
    def run(directory=None, settings=None, **more):
        directory = directory or make_slapd(kdc=kdc).start()
        if more.get("keytab") is None:
            more["keytab"] = kdc.keytab("bulkhead.keytab", "bulkhead")
        wanted = {**directory.settings(bind="gssapi", **more), **(settings or {})}
        for name in ("bind_dn", "bind_password"):
            del wanted[f'directory "main".{name}']
        monkeypatch.setenv("KRB5_CONFIG", str(kdc.machine))
        suite = make_suite(accounts={}, settings=wanted)
        suite.directory = directory
        return suite
    return run


def log_in(suite, user="alice", password="secret-1", domain="localhost"):
    with Raw(suite.address, domain) as stream:
        stream.open().starttls().auth("PLAIN", scram.plain(user, password))
        return stream.verdict(60)


@pytest.mark.parametrize("url", ["ldaps://127.0.0.1:{tls}", "ldap://127.0.0.1:{plain}"])
def test_we_are_known_to_a_directory_by_kerberos(kdc, bound, make_slapd, url):  # noqa: F811
    server = make_slapd(kdc=kdc).start()
    suite = bound(server, servers=[url.format(tls=server.tls_port, plain=server.port)])
    server.add("alice")
    assert log_in(suite) == "success"
    assert log_in(suite, password="wrong") == "not-authorized"
    suite.log.wait("dirsyncd directory-followed")


def test_dirsyncd_hears_of_changes_as_that(kdc, bound):  # noqa: F811
    suite = bound()
    suite.directory.add("alice")
    suite.log.wait("dirsyncd directory-followed")
    with Raw(suite.address) as stream:
        stream.open().starttls().auth("PLAIN", scram.plain("alice", "secret-1"))
        assert stream.verdict() == "success"
        stream.open().bind("r")
        suite.directory.delete("alice")
        assert stream.error() == "not-authorized"


def test_a_directory_that_restarts_is_bound_to_again(kdc, bound):  # noqa: F811
    suite = bound()
    suite.directory.add("alice")
    assert log_in(suite) == "success"
    suite.directory.stop(), suite.directory.start()
    assert log_in(suite) == "success"


@pytest.mark.parametrize("kind, words", [
    ("unknown", "not found in Kerberos database"), ("wrong key", "Decrypt integrity check failed"),
    ("missing", "the keytab .*/missing cannot be read: No such file"), ("no service", "not found in Kerberos database"), ("no kdc", "Cannot contact any KDC")])
def test_what_is_wrong_is_said(kdc, bound, make_slapd, kind, words):  # noqa: F811
    keytab = kdc.keytab("bulkhead.keytab", "bulkhead")
    server = make_slapd(kdc=kdc).start()
    server.add("alice")
    if kind == "unknown":
        kdc.admin("delprinc", "-force", "bulkhead")
    elif kind == "wrong key":
        kdc.admin("cpw", "-pw", "other", "bulkhead")
    elif kind == "missing":
        keytab = kdc.dir / "missing"
    elif kind == "no service":
        kdc.admin("delprinc", "-force", "ldap/127.0.0.1")
    else:
        kdc.stop()
    suite = bound(server, keytab=keytab)
    assert log_in(suite) == "temporary-auth-failure"
    line = suite.log.wait("authd directory-failed .*directory=main")
    assert re.search(f"ldaps://127.0.0.1:{server.tls_port}: Kerberos: .*({words})", line), line
    suite.log.wait(f"dirsyncd .*({words})")


def test_who_the_directory_does_not_know_may_not_search(kdc, bound):  # noqa: F811
    """A good ticket, of somebody who is nobody there."""
    suite = bound(keytab=kdc.keytab("stranger.keytab", "stranger"))
    suite.directory.add("alice")
    assert log_in(suite) == "not-authorized"


def test_bind_by_gssapi_needs_a_keytab(slapd, make_suite):  # noqa: F811
    from test_start_errors import refused
    suite = make_suite(start=False, accounts={}, settings=slapd.settings(bind="gssapi"))
    suite.init(), suite.configure()
    refused(suite, "main", "gssapi", "needs keytab")
