"""bulkheadctl check: what keeps clients and servers from getting here is a line that says what to change."""
import json
import os
import re

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import DNSName, ObjectIdentifier, OtherName

import certificates
from dns import Dns
from suite import eventually, free_port, give_to_keyd


def findings(suite, *arguments, code=None):
    """(about, result, text) of each."""
    done = suite.ctl("--json", "check", *arguments)
    assert done.returncode in (0, 2) and not done.stderr, done
    rows = json.loads(done.stdout)
    assert (done.returncode == 2) == any(row["result"] == "problem" for row in rows)
    assert code in (None, done.returncode), rows
    return [(row["about"], row["result"], row["text"]) for row in rows]


def bad(suite, *arguments):
    return [text for _, result, text in findings(suite, *arguments) if result != "ok"]


@pytest.fixture
def made(make_suite):
    """An instance that does not run."""
    def make(domain="localhost", **how):
        suite = make_suite(start=False, domains=[domain], accounts={}, **how).init()
        suite.configure()
        return suite
    return make


def test_a_fresh_server_passes_all_checks_but_for_its_own_certificate(suite):
    done = suite.ctl("check")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "All checks passed; warnings: 1, see above."
    assert {line.split()[0] for line in done.stdout.splitlines()[1:-1]} == {
        "config", "permissions", "certs", "dns", "connectivity", "store"}
    assert suite.ctl("check", "store").stdout.splitlines()[-1] == "All checks passed."


def test_an_unknown_check_is_a_mistake(suite):
    done = suite.ctl("check", "dsn")
    assert done.returncode == 2 and "unknown check 'dsn'" in done.stderr
    assert suite.ctl("check", "certs", "more").returncode == 2


def test_problems_are_counted_in_the_last_line(made):
    done = made().ctl("check", "connectivity")
    assert done.returncode == 2 and done.stdout.splitlines()[-1] == "Problems found: 1, see above."
    assert "is c2sd running?" in done.stdout


@pytest.mark.parametrize("settings, text", [
    ({"routerd.registration": True}, "Everybody can make an account here"),
    ({"c2sd.starttls": "optional"}, "Passwords may go in the clear"),
    ({"c2sd.legacy_auth": True}, "before 2004"),
])
def test_what_is_allowed_and_seldom_meant_is_a_warning(made, settings, text):
    suite = made(settings=settings)
    assert any(text in line for line in bad(suite, "config"))
    assert suite.ctl("check", "config").returncode == 0


def test_a_file_that_is_no_configuration_is_refused_with_its_line(made):
    suite = made()
    suite.config.write_text("}{")
    done = suite.ctl("check")
    assert done.returncode == 78 and "bulkhead.conf:1: " in done.stderr


# Certificates.

def use(suite, certificate, key, domain="localhost"):
    give_to_keyd(key)
    suite.edit(**{f'domain "{domain}".certificate': str(certificate), f'domain "{domain}".key': str(key)})


def judged(suite, text):
    """The results of the rows that say that (a pattern)."""
    return [r for _, r, t in findings(suite, "certs") if re.search(text, t)]


@pytest.mark.parametrize("days, result, text", [
    (-1, "problem", "it has expired on 20"), (1, "problem", "it expires within a day, on 20"),
    (6, "warning", "it expires in [56] days: renew it"), (20, "warning", "it expires in (19|20) days: renew it"),
    (29, "ok", "it is good for (28|29) more days"), (90, "ok", "it is good for (89|90) more days"),
])
def test_a_certificate_that_ends_soon_is_told(made, days, result, text):
    suite = made()
    use(suite, *suite.certificate("localhost", days=days))
    assert judged(suite, text) == [result]


def test_a_certificate_that_lives_shortly_ends_soon_in_its_last_third(made, tmp_path):
    """Of those for six days, say; the others here are 60 days old."""
    suite, key = made(), certificates.KINDS["p256"]()
    use(suite, *certificates.save(tmp_path, certificates.build(
        "localhost", key, alternatives=[DNSName("localhost")], days=5, age=1), key))
    assert judged(suite, "it is good for [45] more days") == ["ok"]


def test_a_certificate_of_tomorrow_is_a_problem(made, tmp_path):
    suite, key = made(), certificates.KINDS["p256"]()
    use(suite, *certificates.save(tmp_path, certificates.build(
        "localhost", key, alternatives=[DNSName("localhost")], age=-1), key))
    assert judged(suite, "it is not valid before 20") == ["problem"]
    assert judged(suite, "it is self-signed") == ["warning"]  # which is another matter


@pytest.mark.parametrize("s2s, whom", [(True, "clients and servers"), (False, "clients")])
def test_a_certificate_for_another_name_is_a_problem(made, s2s, whom):
    suite = made(s2s=s2s)
    use(suite, *suite.certificate("other.example"))
    assert judged(suite, f"it does not name localhost for {whom}, but other.example: get one that does") == ["problem"]


@pytest.mark.parametrize("service, lacking", [("_xmpp-client", "servers"), ("_xmpp-server", "clients")])
def test_a_certificate_that_names_a_service_is_for_that(made, tmp_path, service, lacking):
    suite, key = made(s2s=True), certificates.KINDS["p256"]()
    name = f"{service}.localhost".encode()
    other = OtherName(ObjectIdentifier("1.3.6.1.5.5.7.8.7"), b"\x16" + bytes([len(name)]) + name)
    use(suite, *certificates.save(tmp_path, certificates.build("localhost", key, alternatives=[other]), key))
    assert judged(suite, f"it does not name localhost for {lacking}, but no host") == ["problem"]


def test_a_key_of_another_certificate_is_a_problem(made):
    suite = made()
    use(suite, suite.certificate("localhost")[0], suite.certificate("localhost")[1])
    assert judged(suite, "does not match the certificate") == ["problem"]


def test_a_key_that_is_too_short_is_a_problem(made, tmp_path):
    from cryptography.hazmat.primitives.asymmetric import rsa
    suite, key = made(), rsa.generate_private_key(65537, 1024)
    use(suite, *certificates.save(tmp_path, certificates.build("localhost", key, alternatives=[DNSName("localhost")]), key))
    assert judged(suite, "only 1024 bits") == ["problem"]


@pytest.mark.filterwarnings("ignore:SHA1")
def test_a_signature_that_nobody_accepts_any_more_is_a_problem_once(made, tmp_path, monkeypatch):
    authority = certificates.Authority(tmp_path / "ca")
    suite = made(settings={"s2sd.ca": str(authority.file)})
    monkeypatch.setattr(certificates, "digest", lambda key: SHA1())
    use(suite, *authority.server("localhost"))
    assert judged(suite, "its signature, or one above it, is of a kind that is not safe any more") == ["problem"]
    assert len(bad(suite, "certs")) == 1
    use(suite, *suite.certificate("localhost"))  # by itself, which nobody looks at
    assert judged(suite, "strong enough") == ["ok"]


def test_a_chain_that_ends_at_an_authority_of_ours_is_trusted(made, tmp_path):
    suite, authority = made(), certificates.Authority(tmp_path / "ca")
    use(suite, *authority.server("localhost"))
    assert judged(suite, "no authority that is trusted here has issued it") == ["warning"]
    suite.edit(**{"s2sd.ca": str(authority.file)})
    assert judged(suite, "trusted by those alone who have the authority") == ["ok"] and not bad(suite, "certs")
    suite.edit(**{"s2sd.ca": str(certificates.Authority(tmp_path / "same").file)})
    assert judged(suite, "it is signed with another key than that of the authority of that name") == ["problem"]


def below(folder, authority, **how):
    """(certificate file, key file, the certificate in between as PEM), which `how` is for."""
    between, key = certificates.KINDS["p256"](), certificates.KINDS["p256"]()
    issuer = certificates.build("Between", between, authority.certificate, authority.key, ca=True, **how)
    leaf = certificates.build("localhost", key, issuer, between, [DNSName("localhost")], days=90,
                              extensions=[certificates.ISSUER_ELSEWHERE])
    return *certificates.save(folder, leaf, key), issuer.public_bytes(Encoding.PEM)


def test_a_chain_without_the_issuer_is_incomplete(made, tmp_path):
    """Alone, or with a certificate behind it that is not its issuer's."""
    authority = certificates.Authority(tmp_path / "ca")
    suite = made(settings={"s2sd.ca": str(authority.file)})
    certificate, key, issuer = below(tmp_path, authority)
    use(suite, certificate, key)
    leaf, root = certificate.read_bytes(), authority.file.read_bytes()
    for behind in (b"", root):
        certificate.write_bytes(leaf + behind)
        assert judged(suite, "its chain is incomplete") == ["problem"]
    for behind in (issuer, issuer + root, root + issuer):
        certificate.write_bytes(leaf + behind)
        assert not bad(suite, "certs")


def test_an_expired_certificate_in_between_is_not_taken_for_its_own_dates(made, tmp_path):
    authority = certificates.Authority(tmp_path / "ca")
    suite = made(settings={"s2sd.ca": str(authority.file)})
    certificate, key, issuer = below(tmp_path, authority, days=-1)
    certificate.write_bytes(certificate.read_bytes() + issuer)
    use(suite, certificate, key)
    assert judged(suite, "between it and its authority has expired") == ["problem"]
    assert judged(suite, "it is good for (89|90) more days") == ["ok"]


def test_a_certificate_that_is_not_there_is_all_that_is_said_of_it(made):
    suite = made()
    suite.edit(**{'domain "localhost".certificate': "/none.crt"})
    (about, result, text), = findings(suite, "certs")
    assert about == "localhost" and result == "problem" and text.startswith("certificate /none.crt: file not found: set domain")


# The DNS.

@pytest.fixture
def dns():
    servers = []

    def make(*records):
        servers.append(Dns(*records).start())
        return servers[-1]
    yield make
    for server in servers:
        server.stop()


def served(made, dns, *records, **settings):
    server = dns("one.example. TXT -", *records)
    suite = made("one.example", s2s=True, settings={"s2sd.resolver": server.address, **settings})
    return suite, suite.port, suite.s2s_port


def test_missing_records_are_printed_ready_to_paste(made, dns):
    suite, c2s, s2s = served(made, dns)
    text = "\n".join(bad(suite, "dns"))
    for service, port in (("client", c2s), ("server", s2s)):
        assert f"No _xmpp-{service} SRV record was found" in text
        line = re.search(rf"^.*add: (_xmpp-{service}\S+ .*)$", text, re.M).group(1)
        assert line == f"_xmpp-{service}._tcp.one.example. 3600 IN SRV 0 5 {port} one.example."
    assert "_xmpps" not in text


def test_records_that_are_pasted_are_found(made, dns):
    """Word for word what was printed, and the host's address."""
    suite, _, _ = served(made, dns)
    pasted = [re.sub(r" 3600 IN ", " ", line.split("add: ")[1]) for line in bad(suite, "dns") if "add: " in line]
    again = dns(*pasted, "one.example. A 192.0.2.7")
    suite.edit(**{"s2sd.resolver": again.address})
    assert all("does not seem to resolve to this machine" in line for line in bad(suite, "dns"))
    assert not bad(suite, "dns", "192.0.2.7")


def test_a_record_to_another_port_is_a_problem(made, dns):
    suite, _, _ = served(made, dns, "_xmpp-client._tcp.one.example. SRV 0 5 1 h.one.example.", "h.one.example. A 192.0.2.7")
    assert any("points to port 1, where c2sd.listen does not listen" in line for line in bad(suite, "dns", "192.0.2.7"))


@pytest.mark.parametrize("records, text", [
    (["h.one.example. A 10.1.2.3"], "A record points to the internal address 10.1.2.3"),
    (["h.one.example. AAAA fd00::1"], "AAAA record points to the internal address fd00::1"),
    ([], "It has no address"),
    (["h.one.example. CNAME k.one.example.", "k.one.example. A 192.0.2.7"], "It is an alias (CNAME)"),
])
def test_a_target_that_others_cannot_use_is_told(made, dns, records, text):
    port = free_port()
    suite, _, _ = served(made, dns, f"_xmpp-client._tcp.one.example. SRV 0 5 {port} h.one.example.", *records,
                         **{"c2sd.listen": [f"127.0.0.1:{port}"]})
    assert any(text in line for line in bad(suite, "dns", "192.0.2.7"))


@pytest.mark.parametrize("target, text", [
    ("localhost.", "'localhost' cannot be reached by others"), (".", "says that there is no such service")])
def test_a_target_that_is_none_is_told(made, dns, target, text):
    suite, _, _ = served(made, dns, f"_xmpp-client._tcp.one.example. SRV 0 0 5222 {target}")
    assert any(text in line for line in bad(suite, "dns"))


def test_a_record_for_a_port_that_is_not_there_is_a_problem(made, dns):
    suite, _, _ = served(made, dns, "_xmpps-client._tcp.one.example. SRV 0 5 5223 h.one.example.")
    assert any("There is a _xmpps-client SRV record, but c2sd.listen_tls is empty" in line for line in bad(suite, "dns"))


def test_the_tlsa_record_is_that_of_the_certificate(made, dns):
    port = free_port()
    records = [f"_xmpp-server._tcp.one.example. SRV 0 5 {port} h.one.example.", "h.one.example. A 192.0.2.7"]
    suite, _, _ = served(made, dns, *records, **{"s2sd.listen": [f"127.0.0.1:{port}"]})
    printed = next(re.search(r"(_\d+._tcp\S+) 3600 IN (TLSA 3 1 1 (\w{64}))$", t).groups()
                   for _, _, t in findings(suite, "dns") if "TLSA" in t)
    for digits, result in ((printed[2], "ok"), ("0" * 64, "problem")):
        suite.edit(**{"s2sd.resolver": dns(*records, f"{printed[0]} TLSA 3 1 1 {digits}").address})
        assert [r for _, r, t in findings(suite, "dns") if "TLSA" in t] == [result]


def test_a_dns_that_does_not_answer_is_a_problem(made):
    suite = made("one.example", settings={"s2sd.resolver": f"127.0.0.1@{free_port()}"})
    assert any("The DNS does not say where _xmpp-client is" in line for line in bad(suite, "dns"))


# Connections.

def test_every_port_is_tried_for_every_domain(make_suite):
    direct, tls = free_port(), free_port()
    suite = make_suite(domains=("localhost", "two.test"), s2s=True, settings={
        "c2sd.listen_tls": [f"127.0.0.1:{direct}"], "s2sd.listen_tls": [f"127.0.0.1:{tls}"]})
    rows = findings(suite, "connectivity", code=0)
    assert sorted(about for about, _, _ in rows) == sorted(
        f"{domain} {place}" for domain in ("localhost", "two.test") for place in (
            f"c2sd 127.0.0.1:{suite.port}", f"c2sd 127.0.0.1:{direct}", f"s2sd 127.0.0.1:{suite.s2s_port}",
            f"s2sd 127.0.0.1:{tls}"))
    assert all(result == "ok" for _, result, _ in rows)


def test_a_certificate_that_was_not_reloaded_is_a_problem(suite):
    use(suite, *suite.certificate("localhost"))
    assert any("another certificate than that of" in line for line in bad(suite, "connectivity"))
    assert suite.ctl("reload").returncode == 0
    eventually(lambda: not bad(suite, "connectivity"), "the new certificate")


def test_a_chain_that_was_completed_and_not_reloaded_is_a_problem(suite, tmp_path):
    folder = suite.certificate("localhost")[0].parent  # which keyd may look into
    certificate, key, issuer = below(folder, certificates.Authority(tmp_path / "ca"))
    use(suite, certificate, key)
    assert suite.ctl("reload").returncode == 0
    eventually(lambda: not bad(suite, "connectivity"), "the new certificate")
    certificate.write_bytes(certificate.read_bytes() + issuer)
    assert any("or another chain" in line for line in bad(suite, "connectivity"))
    assert suite.ctl("reload").returncode == 0
    eventually(lambda: not bad(suite, "connectivity"), "the whole chain")


def test_a_port_behind_a_load_balancer_is_tried_as_one(make_suite):
    suite = make_suite(settings={"c2sd.proxy_from": ["127.0.0.0/8"]})
    assert not bad(suite, "connectivity")


def test_a_server_without_authd_offers_no_log_in_to_newcomers(suite):
    suite.may_fail = True
    assert suite.ctl("drain", "c2sd@1").returncode == 0
    eventually(lambda: any("is c2sd running?" in line for line in bad(suite, "connectivity")), "the port being closed")


# Permissions and stores.

@pytest.mark.parametrize("place, mode, text", [
    ("bulkhead.conf", 0o666, "chmod go-w"), (".", 0o777, "chmod go-w"), ("certs/localhost.key", 0o644, "chmod o="),
    ("state/authd", 0o755, "chmod 700"), ("run/auth.sock", 0o666, "restart routerd"),
    ("run/monitor.sock", 0o666, "restart routerd"), ("run/key.sock", 0o666, "restart keyd"),
])
def test_what_is_too_open_is_a_problem(suite, place, mode, text):
    if place == "certs/localhost.key":
        place = re.search(r'key = "([^"]+)"', suite.config.read_text()).group(1)
    assert not [t for _, r, t in findings(suite, "permissions") if r == "problem"]
    os.chmod(suite.home / place, mode)
    problems = [(a, t) for a, r, t in findings(suite, "permissions") if r == "problem"]
    assert len(problems) == 1 and text in problems[0][1] and os.path.samefile(problems[0][0], suite.home / place)


def test_a_store_that_is_damaged_is_a_problem(made):
    suite = made()
    suite.start()
    suite.stop()
    store = suite.home / "state/routerd/router.db"
    data = bytearray(store.read_bytes())
    data[100:200] = os.urandom(100)
    store.write_bytes(data)
    assert any("The store of routerd cannot be used" in line for line in bad(suite, "store"))
    assert any("authd is whole" in text for _, _, text in findings(suite, "store"))


def test_looking_at_a_store_disturbs_nobody(suite, raw):
    alice = raw(suite, "alice")
    for _ in range(5):
        assert not bad(suite, "store")
    alice.ping()
    mark = suite.log.mark()
    assert suite.ctl("restart", "routerd").returncode == 0
    suite.log.wait("routerd restored ", since=mark)
