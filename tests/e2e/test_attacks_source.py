"""Rows of the table of attacks that are answered by how the code is written: read from it."""
import re
import subprocess
import sys

from suite import BIN, ROOT

sys.path.insert(0, str(ROOT / "tests/style"))

from metrics import PRODUCT  # noqa: E402


def sources():
    for folder in PRODUCT:
        for path in sorted((ROOT / folder).rglob("*.[ch]")):
            yield path.relative_to(ROOT), re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)


def places(pattern):
    """file: line of all that matches."""
    return [f"{path}: {line.strip()}" for path, text in sources() for line in text.splitlines()
            if re.search(pattern, line)]


def test_no_folder_of_code_is_left_out():
    """Neither here nor by tests/style/metrics.py."""
    built = {path.parent.name for path in ROOT.glob("*/CMakeLists.txt")} - {"tests", "etc"}
    assert built | {"lib"} == set(PRODUCT)


def test_s1_s2_there_is_one_parser_factory():
    made = places(r"\b(xmlCreate\w*Ctxt|xmlNew\w*ParserCtxt|XML_ParserCreate\w*)\s*\(")
    assert [m.split(":")[0] for m in made] == ["lib/xmpp/pool.c"]
    assert not places(r"\b(xmlRead(Memory|Doc|File|Fd|IO)|xmlParse(Memory|Doc|File|DTD|Entity)|xmlCtxtRead\w+"
                      r"|xmlTextReader\w*|xmlSAXParse\w+|xmlSAXUserParse\w+|xmlLoadCatalog\w*)\s*\(")


def test_s16_all_random_numbers_are_the_kernel_s():
    assert not places(r"\b(s?rand|s?random|[dlm]rand48|rand_r|arc4random)\s*\(")
    assert {p.split(":")[0] for p in places(r"\bgetrandom\s*\(|/dev/u?random|gnutls_rnd\s*\(|GRND_")} <= {"lib/base/rand.c"}
    for program in sorted(BIN.glob("bulkhead*")):
        taken = subprocess.run(["nm", "-D", "-u", program], capture_output=True, text=True, check=True).stdout
        assert not re.search(r"\b(rand|random|srand|srandom|drand48|rand_r)(@|$)", taken, re.M), program


# What compares bytes without regard to time, where secrets are: with what that is public.
PUBLIC = {
    "authd/gssapi.c": "the mechanism's object identifier",
    "authd/scram.c": "the names' escapes and the channel binding's flag",
    "keyd/check.c": "the contexts and curves of TLS",
    "authd/move.c": "salts",
    "lib/net/tls_key.c": "public keys",
    "lib/key/stores.c": "hashes of public keys",
}
SECRETS = {
    "authd/plain.c": "passwords", "authd/component.c": "handshakes of components", "authd/refusals.c": "wrong guesses",
    "s2sd/dialback.c": "keys of dialback", "lib/base/mac.c": "what a session may be resumed by",
}


def test_s19_secrets_are_compared_in_constant_time():
    compared = {p.split(":")[0] for p in places(r"\bsecret_equal\s*\(")}
    assert set(SECRETS) <= compared
    plain = {p.split(":")[0] for p in places(r"\b(memcmp|bcmp)\s*\(")
             if p.startswith(("authd/", "keyd/", "lib/key/", "lib/net/tls_", "s2sd/", "lib/base/mac", "lib/base/secret"))}
    assert plain <= set(PUBLIC) | {"lib/net/tls_scheme.c", "lib/net/tls_names.c"}
    assert not [p for p in places(r"\b(strn?cmp|str_eq|str_is)\s*\([^)]*\b(password|secret|stored_key|server_key|salted)\b")
                if "NULL" not in p and not p.startswith("lib/xmpp/redact.c")]  # names of elements


def test_s27_no_process_is_signalled_by_a_number_out_of_a_file():
    """master alone signals, and only the children that it has itself."""
    assert not places(r"\.pid\"|pidfile|PIDFile")
    assert not [u for u in (ROOT / "etc").rglob("*") if u.is_file() and "PIDFile" in u.read_text(errors="replace")]
    signals = places(r"\b(kill|killpg|tgkill|pidfd_send_signal|uv_kill|uv_process_kill|sigqueue)\s*\(")
    assert signals and all(s.startswith("master/") and "uv_process_kill" in s for s in signals), signals


def test_s24_s26_no_program_but_the_metrics_answers_http_or_takes_a_user_s_path():
    """As long as that is so, S26 waits; test_metrics.py has the paths of the one server of HTTP."""
    assert {p.split("/")[0] for p in places(r"\"HTTP/1\.[01] [0-9]|MHD_|nghttp|llhttp|evhttp")} == {"metricsd"}
