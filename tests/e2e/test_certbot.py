"""The deploy hook: called by certbot, which gets its certificates from an ACME server of the test's own (pebble), and in
the ways that it can fail."""
import json
import os
import signal
import subprocess
from pathlib import Path

import pytest
from cryptography import x509

import certificates
from suite import BIN, Log, eventually, free_port, pause
from xmpp import Raw

ROOT = Path(__file__).resolve().parents[2]
HOOK, PEBBLE = ROOT / "etc/certbot-deploy-hook", ROOT / "build/pebble/pebble"  # made by tools/install-deps
DOMAIN = "one.test"


def shown(suite, domain=DOMAIN):
    with Raw(suite.address, domain) as stream:
        stream.open().starttls(name=domain)
        return stream.wire.tls.get_peer_certificate().get_serial_number()


def serial_of(file):
    return x509.load_pem_x509_certificate(Path(file).read_bytes()).serial_number


@pytest.fixture
def served(make_suite):
    """A suite whose certificate is where the hook puts one."""
    suite = make_suite(start=False, domains=[DOMAIN], accounts={f"alice@{DOMAIN}": "alice-1"}).init_only()
    tls = suite.home / "tls"
    tls.mkdir()
    for made, name in zip(suite.certificate(DOMAIN), (f"{DOMAIN}.crt", f"{DOMAIN}.key")):
        made.rename(tls / name)
    suite.settings.update({f'domain "{DOMAIN}".certificate': f"tls/{DOMAIN}.crt",
                           f'domain "{DOMAIN}".key': f"tls/{DOMAIN}.key"})
    return suite.start()


def environment(suite, **more):
    return {**os.environ, "BULKHEAD_CONF": str(suite.config), "BULKHEAD_TLS": str(suite.home / "tls"),
            "BULKHEADCTL": str(BIN / "bulkheadctl"), **more}


def lineage(folder, domain=DOMAIN, key=None):
    """As certbot lays it out: links from live/ to archive/, open to root only."""
    archive, live = folder / "archive" / domain, folder / "live" / domain
    archive.mkdir(parents=True), live.mkdir(parents=True)
    for file, name in zip(certificates.write(archive, domain), ("fullchain", "privkey")):
        file.rename(archive / f"{name}1.pem")
        (live / f"{name}.pem").symlink_to(archive / f"{name}1.pem")
    if key is not None:
        (archive / "privkey1.pem").write_bytes(key.read_bytes())
    for part in (folder / "archive", folder / "live"):
        part.chmod(0o700)
    return live


def variables(suite, live, domains=DOMAIN, **more):
    return environment(suite, **{"RENEWED_LINEAGE": str(live), "RENEWED_DOMAINS": domains, **more})


def deploy(suite, live, domains=DOMAIN, cwd=None, **more):
    return subprocess.run([HOOK], env=variables(suite, live, domains, **more), cwd=cwd,
                          capture_output=True, text=True, timeout=60, check=False)


class Pebble:
    """An ACME server that believes everybody."""

    def __init__(self, folder):
        self.port, config = free_port(), folder / "pebble.json"
        certificate, key = certificates.write(folder, "localhost")
        config.write_text(json.dumps({"pebble": {
            "listenAddress": f"127.0.0.1:{self.port}", "managementListenAddress": f"127.0.0.1:{free_port()}",
            "certificate": str(certificate), "privateKey": str(key), "httpPort": free_port(), "tlsPort": free_port(),
            "retryAfter": {"authz": 1, "order": 1}}}))
        self.process = subprocess.Popen(
            [PEBBLE, "-config", config], env={**os.environ, "PEBBLE_VA_ALWAYS_VALID": "1", "PEBBLE_VA_NOSLEEP": "1",
                                                "PEBBLE_WFE_NONCEREJECT": "0"},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.log = Log(self.process.stdout)
        self.log.wait("Listening on")

    def stop(self):
        self.process.terminate()
        self.process.wait()


@pytest.fixture
def certbot(served, tmp_path):
    """certbot(command, ...) in folders of its own."""
    pebble, folders = Pebble(tmp_path), [f"--{n}-dir={tmp_path / n}" for n in ("config", "work", "logs")]

    def run(*command):
        return subprocess.run(
            ["certbot", *command, *folders, "--server", f"https://127.0.0.1:{pebble.port}/dir", "--no-verify-ssl",
             "--non-interactive", "--no-random-sleep-on-renew", "--http-01-port", str(free_port())],
            env=environment(served), capture_output=True, text=True, timeout=120, check=False)
    yield run
    pebble.stop()


def test_certbot_gets_a_certificate_and_renews_it(served, certbot, tmp_path):
    file, before = tmp_path / f"config/live/{DOMAIN}/fullchain.pem", shown(served)
    done = certbot("certonly", "--standalone", "--agree-tos", "--register-unsafely-without-email", "-d", DOMAIN,
                   "--deploy-hook", str(HOOK))
    assert done.returncode == 0, done.stdout + done.stderr
    first = serial_of(file)
    assert shown(served) == first != before
    done = certbot("renew", "--force-renewal")
    assert done.returncode == 0, done.stdout + done.stderr
    assert shown(served) == serial_of(file) != first


def test_a_renewed_certificate_is_shown_at_once(served, tmp_path):
    alice = Raw(served.address, DOMAIN)
    alice.login("alice", "alice-1")
    alice.bind()
    live = lineage(tmp_path)
    done = deploy(served, live, f"www.example.org {DOMAIN}")
    assert done.returncode == 0 and not done.stderr, done.stderr
    eventually(lambda: shown(served) == serial_of(live / "fullchain.pem"), "the new certificate")
    assert not list((served.home / "tls").glob("*.old")) and not list((served.home / "tls").glob("*.new"))
    assert (served.home / "tls" / f"{DOMAIN}.key").stat().st_mode & 0o777 == 0o640
    alice.ping()
    alice.close()


def test_a_key_that_does_not_fit_is_told_and_the_old_pair_comes_back(served, tmp_path):
    before = shown(served)
    live = lineage(tmp_path, key=served.certificate(DOMAIN)[1])
    done = deploy(served, live)
    assert done.returncode == 78 and "the one before stays" in done.stderr
    assert shown(served) == before == serial_of(served.home / "tls" / f"{DOMAIN}.crt")
    assert served.ctl("reload").returncode == 0


def test_a_server_that_is_not_running_takes_it_at_its_start(served, tmp_path):
    assert served.stop() == 0
    live = lineage(tmp_path)
    done = deploy(served, live)
    assert done.returncode == 0 and "takes the certificate at its start" in done.stderr
    served.spawn()
    served.log.wait("^bulkhead: ready")
    assert shown(served) == serial_of(live / "fullchain.pem")


@pytest.mark.parametrize("what, code, says", [
    ({"domains": "other.test"}, 0, "none of these is served"), ({"RENEWED_LINEAGE": ""}, 1, "deploy hook of certbot"),
    ({"RENEWED_LINEAGE": "/nowhere"}, 1, "/nowhere/fullchain.pem cannot be read"),
])
def test_what_is_not_ours_changes_nothing(served, tmp_path, what, code, says):
    before = shown(served)
    done = deploy(served, lineage(tmp_path), **what)
    assert done.returncode == code and says in done.stderr
    assert shown(served) == before


def test_a_certificate_in_another_folder_is_left_alone_and_the_administrator_is_told(served, tmp_path):
    """Of the same name; and our folder is named by a comment."""
    before, elsewhere = shown(served), served.home / "elsewhere"
    (served.home / "tls").rename(elsewhere)
    (served.home / "tls").mkdir()
    text = served.config.read_text().replace('"tls/', '"elsewhere/')
    served.config.write_text(f'# certificate = "{served.home}/tls/{DOMAIN}.crt"\n' + text)
    assert served.ctl("reload").returncode == 0
    done = deploy(served, lineage(tmp_path))
    assert f"is served with {elsewhere}/{DOMAIN}.crt, which stays as it is" in done.stderr, done.stderr
    assert done.returncode == 0 and "none of these is served" in done.stderr
    assert not list((served.home / "tls").iterdir()) and shown(served) == before


def test_a_wildcard_is_the_name_of_no_file(served, tmp_path):
    before, folder = shown(served), tmp_path / "cwd"
    (folder / DOMAIN).mkdir(parents=True)
    done = deploy(served, lineage(tmp_path), "*.test", cwd=folder)
    assert done.returncode == 0 and done.stderr.endswith(": *.test\n") and shown(served) == before


def test_a_configuration_that_cannot_be_used_is_told(served, tmp_path):
    before = shown(served)
    good = served.config.read_text()
    served.config.write_text(good + "what is this")
    done = deploy(served, lineage(tmp_path))
    assert done.returncode == 78 and "cannot be used" in done.stderr
    served.config.write_text(good)
    assert served.ctl("reload").returncode == 0 and shown(served) == before


def test_the_hook_waits_for_another_reload(served, tmp_path):
    """A keyd that sleeps holds the other one up."""
    live, keyd = lineage(tmp_path), served.keyd
    pause(keyd)
    try:
        with subprocess.Popen([BIN / "bulkheadctl", "-d", served.home, "reload"], stdout=subprocess.DEVNULL) as other:
            served.log.wait("routerd admin verb=reload")
            with subprocess.Popen([HOOK], env=variables(served, live), stderr=subprocess.PIPE, text=True) as hook:
                line = hook.stderr.readline()
                os.kill(keyd, signal.SIGCONT)
                assert "another reload is under way" in line and hook.wait(60) == 0, line + hook.stderr.read()
            assert other.wait(60) == 0
    finally:
        os.kill(keyd, signal.SIGCONT)
    assert shown(served) == serial_of(live / "fullchain.pem")


def test_when_no_reload_gets_through_the_new_pair_stays_for_the_next_one(served, tmp_path):
    live, busy = lineage(tmp_path), tmp_path / "busy"
    busy.write_text(f'#!/bin/sh\ncase "$*" in *reload) echo busy >&2; exit 75 ;; esac\nexec {BIN}/bulkheadctl "$@"\n')
    busy.chmod(0o755)
    done = deploy(served, live, BULKHEADCTL=str(busy), BULKHEAD_PATIENCE="0")
    assert done.returncode == 75 and "not all daemons have the certificate" in done.stderr
    assert served.ctl("reload").returncode == 0
    eventually(lambda: shown(served) == serial_of(live / "fullchain.pem"), "the new certificate")
