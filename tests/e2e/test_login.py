"""Logging in: STARTTLS, each SASL mechanism, and every way to be refused."""
import time

import pytest
from OpenSSL import SSL

import scram
from xmpp import SASL, TLS, Closed, StreamError

ALICE, PASSWORD = "alice", "wonderland-1"
SCRAMS = ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"]
OFFERED = ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-1", "PLAIN"]
VERSIONS = {"TLS1.2": SSL.TLS1_2_VERSION, "TLS1.3": SSL.TLS1_3_VERSION}


@pytest.fixture
def secure(shared, raw):
    return raw(shared).open().starttls()


@pytest.mark.section("RFC 6120 6.4", "RFC 6120 6.4.6")
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("mechanism", SCRAMS)
def test_scram_logs_in_and_the_server_proves_itself(shared, raw, mechanism, version):
    stream = raw(shared).open().starttls(version=VERSIONS[version])
    assert stream.scram(mechanism, ALICE, PASSWORD) == "success"
    assert stream.open().bind("here").jid == "alice@localhost/here"
    row = next(r for r in shared.rows("session", "list") if r["jid"] == stream.jid)
    assert row["mechanism"] == mechanism and str(row["tls"]) != "no"


@pytest.mark.section("RFC 6120 6.4")
def test_plain_logs_in_under_tls(secure):
    secure.auth("PLAIN", scram.plain(ALICE, PASSWORD))
    assert secure.verdict() == "success"
    assert secure.open().bind().jid.startswith("alice@localhost/")


@pytest.mark.section("RFC 6120 6.4.2")
def test_an_initial_response_may_come_late(secure):
    """RFC 6120 6.4.2: without one, the server asks with an empty challenge."""
    secure.auth("PLAIN")
    assert not secure.expect(SASL + "challenge").text
    secure.response(scram.plain(ALICE, PASSWORD))
    assert secure.verdict() == "success"


@pytest.mark.section("RFC 6120 5.3.1", "RFC 6120 5.4.1")
def test_before_tls_only_starttls_is_offered_and_it_is_required(shared, raw):
    stream = raw(shared).open()
    assert [f.tag for f in stream.features] == [TLS + "starttls"]
    assert stream.features.find(f"{TLS}starttls/{TLS}required") is not None


@pytest.mark.section("RFC 6120 6.3.3")
def test_the_mechanisms_are_offered_best_first(secure):
    assert secure.mechanisms() == OFFERED


def test_the_channel_binding_types_are_offered(secure):
    """XEP-0440"""
    types = [c.get("type") for c in secure.features.iter("{urn:xmpp:sasl-cb:0}channel-binding")]
    assert types == ["tls-exporter"]


@pytest.mark.section("RFC 6120 6.5.10")
@pytest.mark.parametrize("mechanism", OFFERED)
def test_a_wrong_password_and_an_unknown_user_get_the_same_answer(make_suite, raw, mechanism):
    suite = make_suite()

    def answer(user):
        stream = raw(suite).open().starttls()
        if mechanism == "PLAIN":
            stream.auth("PLAIN", scram.plain(user, "wrong"))
            element = stream.next()
        else:
            exchange = scram.Scram(mechanism, user, "wrong", binding=stream.wire.exporter())
            stream.auth(mechanism, exchange.first())
            stream.response(exchange.final(stream.expect(SASL + "challenge").text))
            shapes.append((exchange.iterations, len(exchange.fields["s"])))
            element = stream.next()
        assert element.tag == SASL + "failure"
        return [c.tag for c in element], element.findtext(SASL + "text")
    shapes = []
    assert answer(ALICE) == answer("nobody")
    assert answer("nobody")[0][0] == SASL + "not-authorized"
    assert len(set(shapes)) <= 1


def test_an_unknown_user_has_always_the_same_salt(shared, raw):
    def salt(user):
        stream = raw(shared).open().starttls()
        exchange = scram.Scram("SCRAM-SHA-1", user, "x")
        stream.auth("SCRAM-SHA-1", exchange.first())
        exchange.final(stream.expect(SASL + "challenge").text)
        return exchange.fields["s"]
    assert salt("nobody") == salt("nobody")
    assert salt("nobody") != salt("somebody")


@pytest.mark.section("RFC 6120 6.5.4")
@pytest.mark.parametrize("mechanism", OFFERED)
def test_no_mechanism_is_accepted_before_tls(shared, raw, mechanism):
    stream = raw(shared).open()
    stream.auth(mechanism, scram.plain(ALICE, PASSWORD))
    assert stream.verdict() == "encryption-required"


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS"])
def test_a_binding_of_another_tls_session_is_refused(secure, mechanism):
    assert secure.scram(mechanism, ALICE, PASSWORD, binding=b"x" * 32) == "not-authorized"


@pytest.mark.section("RFC 6120 6.5.5")
def test_data_that_is_no_base64_is_refused(secure):
    secure.auth("PLAIN", "*not base64*")
    assert secure.verdict() in ("incorrect-encoding", "malformed-request")


@pytest.mark.section("RFC 6120 6.5.8")
@pytest.mark.parametrize("initial", ["=", scram.b64("x"), scram.b64("\0alice"), scram.b64("\0\0"),
                                     scram.b64("\0alice\0wonderland-1\0more"),
                                     scram.b64(b"\0alice\0\xff\xfe")])
def test_a_malformed_plain_is_refused(secure, initial):
    secure.auth("PLAIN", initial)
    assert secure.verdict() in ("malformed-request", "not-authorized", "incorrect-encoding",
                                "invalid-authzid")


@pytest.mark.section("RFC 6120 6.4.4")
def test_an_aborted_exchange_can_be_begun_again(secure):
    secure.auth("SCRAM-SHA-1", scram.Scram("SCRAM-SHA-1", ALICE, PASSWORD).first())
    secure.expect(SASL + "challenge")
    secure.send("<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
    assert secure.verdict() == "aborted"
    assert secure.scram("SCRAM-SHA-1", ALICE, PASSWORD) == "success"


def test_after_a_refusal_the_right_password_still_works(suite, raw):
    stream = raw(suite).open().starttls()
    assert stream.scram("SCRAM-SHA-1", ALICE, "wrong") == "not-authorized"
    assert stream.scram("SCRAM-SHA-1", ALICE, PASSWORD) == "success"
    assert stream.open().bind().jid


@pytest.mark.section("RFC 6120 6.4.5")
def test_too_many_refusals_end_the_stream(make_suite, raw):
    suite = make_suite(settings={"c2sd.auth_attempts": 2})
    stream = raw(suite).open().starttls()
    with pytest.raises((StreamError, Closed)) as ended:
        for _ in range(4):
            stream.scram("SCRAM-SHA-1", ALICE, "wrong")
    assert getattr(ended.value, "condition", "policy-violation") in (
        "policy-violation", "not-authorized")
    stream.closed()


def test_guessing_is_stopped_for_the_account_and_not_for_others(make_suite, raw):
    suite = make_suite(settings={"authd.guess_limit": 2})

    def login(user, password):
        return raw(suite).open().starttls().scram("SCRAM-SHA-1", user, password)
    assert [login(ALICE, "guess") for _ in range(4)] == ["not-authorized"] * 4
    began = time.monotonic()
    assert login(ALICE, PASSWORD) != "success"
    assert time.monotonic() - began > 5, "who is refused at once asks all the faster"
    assert login("bob", "builder-2") == "success"


def test_guessing_is_stopped_for_the_address(make_suite, raw):
    suite = make_suite(settings={"authd.address_limit": 2})
    for n in range(4):
        assert raw(suite).open().starttls().scram("SCRAM-SHA-1", f"user{n}", "x") != "success"
    assert raw(suite).open().starttls().scram("SCRAM-SHA-1", "bob", "builder-2") != "success"


def test_a_refusal_is_held_back_longer_each_time(make_suite, raw):
    suite = make_suite(settings={"authd.guess_limit": 2})
    took = []
    for _ in range(3):
        stream = raw(suite).open().starttls()
        began = time.monotonic()
        assert stream.scram("SCRAM-SHA-1", ALICE, "guess") == "not-authorized"
        took.append(time.monotonic() - began)
    assert took[2] > 0.2 and took[2] > took[1]


def test_passwords_and_names_beyond_ascii_work(suite, raw):
    """Both sides prepare them: SASLprep for the password, nodeprep for the name."""
    suite.add_accounts({"ärger@localhost": "pa\u00df\u00a0wört €"})
    stream = raw(suite).open().starttls()
    assert stream.scram("SCRAM-SHA-256", "ärger", "pa\u00df wört €") == "success"
    assert stream.open().bind("r").jid == "ärger@localhost/r"


def test_tls_1_1_is_refused(shared, raw):
    stream = raw(shared).open()
    stream.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    stream.expect(TLS + "proceed")
    with pytest.raises((SSL.Error, Closed)):
        stream.wire.start_tls(version=SSL.TLS1_1_VERSION, ciphers=b"ALL:@SECLEVEL=0")


def test_a_client_that_resumes_its_tls_session_logs_in_with_binding(shared, raw):
    """TLS 1.3 tickets; the exporter is of the new session."""
    first = raw(shared, "alice")
    session = first.wire.tls.get_session()
    stream = raw(shared).open().starttls(session=session)
    assert stream.scram("SCRAM-SHA-256-PLUS", ALICE, PASSWORD) == "success"


@pytest.fixture
def external(make_suite, tmp_path):
    """An instance that trusts a CA of ours for client certificates."""
    import certificates
    suite = make_suite(start=False)
    authority = certificates.Authority(suite.dir / "ca")
    suite.settings.update({"authd.external": True, "c2sd.client_ca": str(authority.file)})
    suite.start()
    suite.authority = authority
    return suite


def external_verdict(raw, suite, certificate, authzid="="):
    stream = raw(suite).open().starttls(certificate=certificate)
    stream.auth("EXTERNAL", authzid)
    return stream, stream.verdict()


def test_a_client_certificate_logs_in_as_its_address(external, raw):
    certificate = external.authority.client("alice@localhost")
    stream = raw(external).open().starttls(certificate=certificate)
    assert "EXTERNAL" in stream.mechanisms()
    for authzid in ("=", scram.b64("alice@localhost")):
        stream, verdict = external_verdict(raw, external, certificate, authzid)
        assert verdict == "success"
        assert stream.open().bind("cert").jid == "alice@localhost/cert"


def test_a_certificate_is_good_for_its_own_address_only(external, raw):
    certificate = external.authority.client("alice@localhost")
    _, verdict = external_verdict(raw, external, certificate, scram.b64("bob@localhost"))
    assert verdict in ("invalid-authzid", "not-authorized")


def test_a_certificate_for_an_unknown_account_is_refused(external, raw):
    _, verdict = external_verdict(raw, external, external.authority.client("nobody@localhost"))
    assert verdict == "not-authorized"


def test_external_is_not_offered_without_a_certificate(external, raw):
    stream = raw(external).open().starttls()
    assert stream.mechanisms() == OFFERED
    stream.auth("EXTERNAL", "=")
    assert stream.verdict() in ("invalid-mechanism", "not-authorized")


@pytest.mark.parametrize("kind", ["another authority", "expired"])
def test_a_certificate_that_cannot_be_verified_does_not_log_in(external, raw, kind):
    import certificates
    if kind == "expired":
        certificate = external.authority.client("alice@localhost", days=-1)
    else:
        other = certificates.Authority(external.dir / "other")
        certificate = other.client("alice@localhost")
    try:
        stream = raw(external).open().starttls(certificate=certificate)
        offered = stream.mechanisms()
    except (SSL.Error, Closed):
        return  # the handshake was refused
    assert "EXTERNAL" not in offered
    stream.auth("EXTERNAL", "=")
    assert stream.verdict() in ("invalid-mechanism", "not-authorized")


def test_direct_tls_with_alpn(make_suite, raw):
    """XEP-0368"""
    from suite import free_port
    port = free_port()
    suite = make_suite(settings={"c2sd.listen_tls": [f"127.0.0.1:{port}"]})
    stream = raw(suite, address=("127.0.0.1", port))
    stream.wire.start_tls(alpn=[b"xmpp-client"])
    assert stream.wire.tls.get_alpn_proto_negotiated() == b"xmpp-client"
    stream.open()
    assert stream.scram("SCRAM-SHA-256-PLUS", ALICE, PASSWORD) == "success"


def test_direct_tls_refuses_another_protocol(make_suite, raw):
    from suite import free_port
    port = free_port()
    suite = make_suite(settings={"c2sd.listen_tls": [f"127.0.0.1:{port}"]})
    with pytest.raises((SSL.Error, Closed)):
        stream = raw(suite, address=("127.0.0.1", port))
        stream.wire.start_tls(alpn=[b"http/1.1"])
        stream.open()
