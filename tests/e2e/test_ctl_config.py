"""bulkheadctl config: the settings as the file has them, without a server."""
import json

import pytest

from suite import BIN, run

FILE = """
log_level = "debug"
c2sd { auth_timeout = "2min" listen = { "127.0.0.1:5222", "[::1]:5222" } }
instance "c2sd@2" { listen = { "127.0.0.1:5322" } }
domain "example.org" { certificate = "tls/a.pem" key = "tls/a.key" }
domain "other.example" { certificate = "/etc/b.pem" key = "/etc/b.key" s2s = "off" }
directory "main" { servers = { "ldaps://ldap.example.org" } base = "dc=example" bind_password = "ldap.secret" }
"""


@pytest.fixture
def ctl(tmp_path):
    (tmp_path / "bulkhead.conf").write_text(FILE)
    (tmp_path / "ldap.secret").write_text("not-to-be-seen\n")

    def call(*arguments):
        return run(BIN / "bulkheadctl", "-d", tmp_path, *arguments)
    return call


@pytest.fixture
def rows(ctl):
    def call(*arguments):
        done = ctl("--json", "config", *arguments)
        assert done.returncode == 0, done.stderr
        return {row["setting"]: (row["value"], row["default"]) for row in json.loads(done.stdout)}
    return call


def test_a_setting_is_what_the_file_says_or_its_default(rows):
    assert rows("get", "log_level") == {"log_level": ("debug", "no")}
    assert rows("get", "c2sd.auth_timeout") == {"c2sd.auth_timeout": ("120s", "no")}
    assert rows("get", "c2sd.listen") == {"c2sd.listen": ("127.0.0.1:5222, [::1]:5222", "no")}
    assert rows("get", "s2sd.stanza") == {"s2sd.stanza": ("524288B", "yes")}
    assert rows("get", "routerd.registration") == {"routerd.registration": ("false", "yes")}


def test_a_setting_of_a_domain_is_that_of_one_or_of_all(rows, tmp_path):
    key = {'domain "example.org".key': (f"{tmp_path}/tls/a.key", "no")}
    for name in ("domain.example.org.key", 'domain "example.org".key', "domain example.org.key"):
        assert rows("get", name) == key
    assert rows("get", "domain.key") == {**key, 'domain "other.example".key': ("/etc/b.key", "no")}
    assert rows("get", "group.show") == {}


def test_an_instance_has_the_settings_of_its_daemon_and_its_own(rows):
    assert rows("get", "instance.c2sd@2.listen") == {'instance "c2sd@2".listen': ("127.0.0.1:5322", "no")}
    assert rows("get", "instance.c2sd@2.auth_timeout") == {'instance "c2sd@2".auth_timeout': ("120s", "no")}
    assert rows("dump", "instance") == {'instance "c2sd@2".listen': ("127.0.0.1:5322", "no")}


def test_a_section_is_shown_whole(rows):
    everything = rows("dump")
    for section in ("global", "c2sd", "domain", "directory", "instance", "component"):
        begins = {"global": ("run_dir", "state_dir", "admin_", "monitor_", "log_"), "domain": 'domain "',
                  "directory": 'directory "', "instance": 'instance "', "component": 'component "'}
        assert rows("dump", section) == {name: value for name, value in everything.items()
                                         if name.startswith(begins.get(section, section + "."))}
    one = rows("dump", "domain", "other.example")
    assert one['domain "other.example".s2s'] == ("off", "no") and one['domain "other.example".realm'] == ("", "yes")
    assert all(name.startswith('domain "other.example".') for name in one)


def test_what_it_names_is_what_a_reload_names(shared):
    before = {row["setting"]: row["value"] for row in shared.rows("config", "dump")}
    shared.edit(**{"c2sd.auth_timeout": "31s", 'domain "localhost".contact_abuse': ["mailto:abuse@localhost"]})
    changes = shared.rows("reload", "--dry-run")
    after = {row["setting"]: row["value"] for row in shared.rows("config", "dump")}
    assert {(c["setting"], c["from"], c["to"]) for c in changes} == {
        (name, before[name], after[name]) for name in after if before[name] != after[name]}


def test_the_secrets_that_files_hold_are_not_shown(ctl, tmp_path):
    done = ctl("config", "dump")
    assert f"{tmp_path}/ldap.secret" in done.stdout and "not-to-be-seen" not in done.stdout + done.stderr


@pytest.mark.parametrize("arguments, meant", [
    (["get", "c2sd.auth_timeuot"], "c2sd.auth_timeout"), (["get", "c2ds.listen_tls"], "c2sd.listen_tls"),
    (["get", "auth_attempts"], "c2sd.auth_attempts"), (["get", "log_levl"], "log_level"),
    (["get", "domain.exmaple.org.key"], "domain.example.org.key"), (["dump", "diretory"], "directory"),
    (["dump", "domain", "example.ogr"], "domain.example.org"), (["get", "nothing.of.the.kind"], None), (["get", ""], None)])
def test_a_wrong_name_is_no_setting_and_a_near_one_is_named(ctl, arguments, meant):
    done = ctl("--json", "config", *arguments)
    answer = json.loads(done.stderr)[0]
    assert (done.returncode, answer["code"], done.stdout) == (2, "2", "")
    if meant is None:
        assert "Did you mean" not in answer["text"]
    else:
        assert answer["text"].endswith(f"Did you mean '{meant}'?")


def test_a_file_that_is_wrong_has_no_settings(ctl, tmp_path):
    (tmp_path / "bulkhead.conf").write_text("log_levl = \"debug\"\n")
    done = ctl("config", "get", "log_level")
    assert done.returncode == 78 and "did you mean 'log_level'" in done.stderr
