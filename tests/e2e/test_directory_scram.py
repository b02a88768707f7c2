"""SCRAM by the keys that a directory holds: OpenLDAP's slapd, keys made by `gsasl --mkpasswd`."""
import base64
import os
import re
import signal
import subprocess

import pytest

import scram
from client import Client
from slapd import make_slapd, slapd  # noqa: F401 (fixtures)
from suite import pause
from xmpp import SASL, Raw

HASHES = ["SCRAM-SHA-256", "SCRAM-SHA-1"]


def mkpasswd(password, mechanism="SCRAM-SHA-256", iterations=10000, salt=None):
    """(iterations, salt, stored key, server key), as texts."""
    command = ["gsasl", "--mkpasswd", "--mechanism", mechanism, "--password", password,
               "--iteration-count", str(iterations)]
    if salt is not None:
        command += ["--salt", scram.b64(salt)]
    made = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert made.startswith("{" + mechanism + "}")
    return made[len(mechanism) + 2:].split(",")


def auth_password(password, mechanism="SCRAM-SHA-256", **how):
    """RFC 5803."""
    return mechanism + "${}:{}${}:{}".format(*mkpasswd(password, mechanism, **how))


def add(slapd, name, keys, password="secret-1"):  # noqa: F811
    """keys: what stands in authPassword."""
    slapd.tool("ldapadd", input=slapd.person(name, password).strip() + "\nobjectClass: authPasswordObject\n"
               + "".join(f"authPassword: {k}\n" for k in keys))


@pytest.fixture
def start(make_suite):
    def run(directory, settings=None, **more):
        return make_suite(accounts={}, settings={**directory.settings(**{"scram": "true", **more}),
                                                 **(settings or {})})
    return run


def attempt(suite, user, password, mechanism="SCRAM-SHA-256", **how):
    with Raw(suite.address) as stream:
        stream.open().starttls()
        return stream.scram(mechanism, user, password, **how)


def plain(suite, user, password):
    with Raw(suite.address) as stream:
        stream.open().starttls().auth("PLAIN", scram.plain(user, password))
        return stream.verdict()


def challenge(suite, user, mechanism="SCRAM-SHA-256"):
    """What anybody may ask for: (salt, iterations), and the stream after that."""
    stream = Raw(suite.address)
    stream.open().starttls()
    exchange = scram.Scram(mechanism, user, "wrong")
    stream.auth(mechanism, exchange.first())
    element = stream.expect(SASL + "challenge")
    final = exchange.final(element.text)
    return exchange.fields["s"], exchange.iterations, stream, final


# How keys are written down.

@pytest.mark.parametrize("mechanism", HASHES)
def test_keys_in_auth_password(slapd, start, mechanism):  # noqa: F811
    add(slapd, "alice", [auth_password("wonderland-1", mechanism)])
    suite = start(slapd)
    assert attempt(suite, "alice", "wonderland-1", mechanism) == "success"
    assert attempt(suite, "alice", "wonderland-1", mechanism + "-PLUS") == "success"
    assert attempt(suite, "alice", "looking-glass", mechanism) == "not-authorized"


@pytest.mark.parametrize("form", ["{}:{}${}:{}", "{},{},{},{}"])
@pytest.mark.parametrize("mechanism", HASHES)
def test_keys_in_user_password(slapd, start, mechanism, form):  # noqa: F811
    slapd.add("alice", "{" + mechanism + "}" + form.format(*mkpasswd("wonderland-1", mechanism)))
    suite = start(slapd)
    assert attempt(suite, "alice", "wonderland-1", mechanism) == "success"
    assert attempt(suite, "alice", "looking-glass", mechanism) == "not-authorized"


@pytest.mark.parametrize("length", [1, 12, 16, 33, 64])
def test_salts_of_any_length(slapd, start, length):  # noqa: F811
    add(slapd, "alice", [auth_password("wonderland-1", salt=os.urandom(length))])
    assert attempt(start(slapd), "alice", "wonderland-1") == "success"


def test_values_that_are_no_keys_are_passed_over(slapd, start):  # noqa: F811
    add(slapd, "alice", ["SCRAM-SHA-256$4096:QQ==$QQ==:QQ==", auth_password("wonderland-1"),
                         "SCRAM-SHA-512$4096:QQ==$QQ==:QQ==", "MD5$QQ==$QQ==",
                         auth_password("wonderland-1", salt=b"x" * 65)])
    assert attempt(start(slapd), "alice", "wonderland-1") == "success"


def test_both_hashes_at_once(slapd, start):  # noqa: F811
    add(slapd, "alice", [auth_password("wonderland-1", m) for m in HASHES])
    suite = start(slapd)
    for mechanism in HASHES:
        assert attempt(suite, "alice", "wonderland-1", mechanism) == "success"


def test_slixmpp_logs_in_by_them(slapd, start):  # noqa: F811
    add(slapd, "alice", [auth_password("wonderland-1")])
    suite = start(slapd)
    suite.accounts["alice@localhost"] = "wonderland-1"
    client = Client(suite, "alice@localhost", mechanism="SCRAM-SHA-256")
    client.close()
    suite.log.wait("auth-ok .*mechanism=SCRAM-SHA-256 account=alice@localhost")


# What is offered.

def test_it_is_offered_where_there_are_keys_only(slapd, start):  # noqa: F811
    offers = {}
    for wanted in ("true", "false"):
        suite = start(slapd, scram=wanted)
        with Raw(suite.address) as stream:
            offers[wanted] = stream.open().starttls().mechanisms()
            stream.auth("SCRAM-SHA-256", scram.Scram("SCRAM-SHA-256", "alice", "x").first())
            element = stream.next()
            assert (element.tag == SASL + "challenge") == (wanted == "true")
    assert offers == {"true": ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-1", "PLAIN"],
                      "false": ["PLAIN"]}


def test_a_client_that_saw_no_plus_is_told_that_somebody_took_it(slapd, start):  # noqa: F811
    add(slapd, "alice", [auth_password("wonderland-1")])
    assert attempt(start(slapd), "alice", "wonderland-1", gs2="y,,") == "not-authorized"


def test_passwords_are_still_tried_in_the_directory(slapd, start):  # noqa: F811
    add(slapd, "alice", [auth_password("wonderland-1")], password="secret-1")
    suite = start(slapd)
    assert plain(suite, "alice", "secret-1") == "success"
    assert plain(suite, "alice", "wonderland-1") == "not-authorized"


# Who is not there (attacks.md, S19).

def test_s19_who_is_not_there_cannot_be_told_from_a_wrong_password(slapd, start):  # noqa: F811
    """Nor who is there without keys, or with keys of the other hash alone."""
    add(slapd, "alice", [auth_password("wonderland-1", iterations=12345, salt=b"s" * 24)])
    add(slapd, "carol", [auth_password("wonderland-1", "SCRAM-SHA-1")])
    slapd.add("bob")
    suite = start(slapd)
    seen = {}
    for user in ("alice", "bob", "carol", "nobody"):
        salt, iterations, stream, final = challenge(suite, user)
        stream.response(final)
        verdict = stream.verdict()
        seen[user] = (len(base64.b64decode(salt)), iterations, verdict, stream.text)
        assert challenge(suite, user)[0] == salt, "it is another one each time"
        stream.close()
    assert set(seen.values()) == {(24, 12345, "not-authorized", None)}


def test_wrong_proofs_are_counted(slapd, start):  # noqa: F811
    add(slapd, "alice", [auth_password("wonderland-1")])
    suite = start(slapd, {"authd.guess_limit": 2})
    for user in ("alice", "nobody"):
        verdicts = [attempt(suite, user, "wrong") for _ in range(5)]
        assert verdicts == ["not-authorized"] * 4 + ["temporary-auth-failure"]


@pytest.mark.parametrize("name", ["*", "a)(uid=*", "a\\2a", "alice,ou=people", "alic*", "(alice)", "|(uid=alice"])
def test_s23_a_name_is_nothing_but_a_name(slapd, start, name):  # noqa: F811
    add(slapd, "alice", [auth_password("wonderland-1")])
    assert attempt(start(slapd), name, "wonderland-1") == "not-authorized"


@pytest.mark.parametrize("name", ["o,connor", "plus+er", "semi;colon", "ünïcode", "hash#tag", "a=b"])
def test_s23_names_that_mean_something_to_directories_are_names(slapd, start, name):  # noqa: F811
    add(slapd, name, [auth_password("wonderland-1")])
    assert attempt(start(slapd), name, "wonderland-1") == "success"


# Who must not come in, though the password is right.

def refused(suite, password="wonderland-1"):
    """(condition, text) for alice."""
    with Raw(suite.address) as stream:
        stream.open().starttls()
        exchange = scram.Scram("SCRAM-SHA-256", "alice", password)
        stream.auth("SCRAM-SHA-256", exchange.first())
        stream.response(exchange.final(stream.expect(SASL + "challenge").text))
        return stream.verdict(), stream.text


def test_a_locked_account_is_told_so_after_the_proof(slapd, start):  # noqa: F811
    add(slapd, "alice", [auth_password("wonderland-1")])
    slapd.modify("alice", "replace: pwdAccountLockedTime\npwdAccountLockedTime: 000001010000Z")
    suite = start(slapd)
    assert refused(suite, "wrong") == ("not-authorized", None)
    assert refused(suite) == ("account-disabled", "This account is disabled.")


def test_a_password_that_must_be_changed_is_told_so_after_the_proof(slapd, start):  # noqa: F811
    add(slapd, "alice", [auth_password("wonderland-1")])
    slapd.modify("alice", "replace: pwdReset\npwdReset: TRUE")
    suite = start(slapd)
    assert refused(suite, "wrong") == ("not-authorized", None)
    condition, text = refused(suite)
    assert condition == "credentials-expired" and "change your password" in text


def test_keys_that_are_changed_count_at_once(slapd, start):  # noqa: F811
    add(slapd, "alice", [auth_password("wonderland-1")])
    suite = start(slapd)
    assert attempt(suite, "alice", "wonderland-1") == "success"
    slapd.modify("alice", f"replace: authPassword\nauthPassword: {auth_password('looking-glass')}")
    assert attempt(suite, "alice", "wonderland-1") == "not-authorized"
    assert attempt(suite, "alice", "looking-glass") == "success"


# The directory is away.

def test_a_directory_that_is_down_is_no_reason_to_forget_a_password(slapd, start):  # noqa: F811
    add(slapd, "alice", [auth_password("wonderland-1")])
    suite = start(slapd, timeout=2)
    assert attempt(suite, "alice", "wonderland-1") == "success"
    pause(slapd.process.pid)
    try:
        assert attempt(suite, "alice", "wonderland-1") == "temporary-auth-failure"
    finally:
        os.kill(slapd.process.pid, signal.SIGCONT)
    assert attempt(suite, "alice", "wonderland-1") == "success"


def test_no_key_is_in_the_log(slapd, start):  # noqa: F811
    keys = mkpasswd("wonderland-1")
    add(slapd, "alice", ["SCRAM-SHA-256${}:{}${}:{}".format(*keys)])
    suite = start(slapd, {"log_level": "debug"})
    assert attempt(suite, "alice", "wonderland-1") == "success"
    assert not re.search("|".join(map(re.escape, keys[1:])), suite.log.text())
