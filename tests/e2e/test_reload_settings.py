"""Every setting of the table is changed once in a running suite: bulkheadctl reload says when it is in force, and that is
so: what was applied is what the daemons have; what needs a restart is told again until there was one."""
import json
import re
import shutil
from pathlib import Path

import pytest

from bus import LIB
from conf import Section
from suite import eventually, free_port

SETTINGS = re.findall(r'SETTING\((\w+), (\w+), (\w+),\s*"((?:\\.|[^"\\])*)"(?:\s*"((?:\\.|[^"\\])*)")*, (\d+), (\d+), (\w+),',
                      (LIB / "conf/settings.def").read_text())
SECTIONS = sorted({s[0] for s in SETTINGS})
TITLES = {"domain": "localhost", "directory": "main", "group": "team", "component": "irc.localhost"}
# Settings whose values are not any number, word or file.
VALUES = {
    "c2sd.proxy_from": ["192.0.2.0/24"], "c2sd.resume_location": "xmpp.example.org:5222",
    "s2sd.allow": ["example.net"], "s2sd.deny": ["example.net"], "s2sd.resolver": "192.0.2.53",
    "authd.mechanisms": ["PLAIN"], "authd.iterations": 5000, "domain.directory": "main", "domain.realm": "EXAMPLE.ORG",
    "domain.admins": ["alice@localhost"], "directory.servers": ["ldap://127.0.0.1:2"],
    "directory.base": "dc=other", "directory.filter": "(uid=*)", "directory.user_attribute": "cn",
    "directory.bind_dn": "cn=reader,dc=example", "directory.group_base": "ou=groups,dc=example",
    "directory.group_filter": "(cn=*)", "directory.group_name": "description", "directory.profile": ["FN=displayName"],
    "directory.schema": "openldap-rfc2307bis", "directory.bind": "external", "group.directory": "", "group.title": "The team",
    "group.show": "everybody", "group.show_to": ["others"], "group.roles": ["admin"], "component.name": "A gateway",
    "snmp.agentx_socket": "/run/other", "metrics.listen": ["127.0.0.1:9288"], "domain.contact_abuse": ["xmpp:a@localhost"],
}
# What makes sense together only: changed first, and not looked at.
OWN = {f'domain "localhost".s2s_{part}': f"own.{part}" for part in ("certificate", "key")}
SIMPLE = {'directory "main".bind': "simple", 'directory "main".bind_dn': "cn=a", 'directory "main".bind_password': "secret"}
WITH = {
    "directory.bind_dn": SIMPLE, "directory.bind_password": SIMPLE,
    "domain.s2s_certificate": OWN, "domain.s2s_key": OWN,
    "group.show_to": {'group "team".show': "groups", 'group "team".show_to': ["some"]},
    "directory.start_tls": {'directory "main".insecure': "true"},
}


def number(text):
    units = {"": 1, "s": 1, "min": 60, "h": 3600, "d": 86400, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
    digits, unit = re.fullmatch(r"(\d+) ?(\w*)", text).groups()
    return int(digits) * units[unit]


def another(suite, setting):
    section, name, kind, default, _, least, most, _ = setting
    if f"{section}.{name}" in VALUES:
        return VALUES[f"{section}.{name}"]
    if kind in ("NUMBER", "SIZE", "DURATION"):
        return int(least) if number(default) != int(least) else int(least) + 1
    if kind == "BOOL":
        return default != "true"
    if kind == "CHOICE":
        return default.split()[1]
    if kind == "LIST":
        return [f"127.0.0.1:{free_port()}"] if name.startswith("listen") else ["xmpp:alice@localhost"]
    if kind == "DIRECTORY":
        return str(suite.home / "elsewhere")
    if kind == "TEXT":
        return "adm"
    assert kind == "FILE", setting
    return copy_of(suite, section, name)


def copy_of(suite, section, name):
    """A file that is as good, elsewhere."""
    certificate = suite.certificate_file
    key = suite.home / Section.parse(suite.config.read_text()).section("domain", "localhost").settings["key"]
    files = {"certificate": certificate, "s2s_certificate": suite.home / "own.certificate", "client_ca": certificate, "ca": certificate,
             "key": key, "s2s_key": suite.home / "own.key"}
    made = Path(suite.home) / f"{section}-{name}"
    if name in files:
        shutil.copy2(files[name], made)
        stat = files[name].stat()
        shutil.chown(made, stat.st_uid, stat.st_gid)
    else:
        made.write_text("secret\n")
    return str(made)


@pytest.fixture(scope="module")
def served(make_shared):
    suite = make_shared(start=False).init_only()
    (suite.home / "secret").write_text("secret\n")
    for made, part in zip(suite.certificate("localhost"), ("certificate", "key")):
        made.rename(suite.home / f"own.{part}")
    suite.settings.update({
        'directory "main".servers': ["ldap://127.0.0.1:1"], 'directory "main".bind': "anonymous",
        'directory "main".base': "dc=example", 'group "team".directory': "main",
        'component "irc.localhost".secret': str(suite.home / "secret"), "s2sd.instances": 1,
        "metrics.listen": [f"127.0.0.1:{free_port()}"], "snmp.agentx_socket": str(suite.home / "agentx"),
        'domain "localhost".s2s': "secure"})
    return suite.start()


def reload(suite, *how):
    done = suite.ctl("--json", "reload", *how)
    assert done.returncode == 0, done.stderr
    return {row["setting"]: row["result"] for row in
            sorted(json.loads(done.stdout), key=lambda row: row["result"], reverse=True)}


def holds(suite, effect, result):
    if effect == "RELOAD":
        return result == "applied" or "is not running" in result
    if effect == "SUITE":
        return "bulkhead run" in result
    return result.startswith("needs a restart of ") or "is not running" in result


def path_of(section, name):
    if section == "global":
        return name
    return f'{section} "{TITLES[section]}".{name}' if section in TITLES else f"{section}.{name}"


def change(suite, setting):
    """What is wrong with what is said of that change; None: nothing."""
    section, name, effect = setting[0], setting[1], setting[-1]
    path = path_of(section, name)
    suite.edit(**WITH.get(f"{section}.{name}", {}))
    reload(suite)
    suite.edit(**{path: another(suite, setting)})
    said = reload(suite)
    if list(said) != [path] or not holds(suite, effect, said[path]):
        return path, effect, said
    pending = said if re.match("needs a restart of (?!all|.bulkhead run)", said[path]) else {}
    left = reload(suite, "--dry-run")
    return None if left == pending else (path, effect, said, left)


@pytest.mark.parametrize("section", SECTIONS)
def test_a_changed_setting_is_told_with_when_it_is_in_force(served, section):
    mine, plain, wrong = [s for s in SETTINGS if s[0] == section and s[1] != "run_dir"], served.config.read_text(), []
    assert mine
    for setting in mine:
        try:
            wrong.append(change(served, setting))
        except AssertionError as error:
            wrong.append((setting[:2], str(error)))
        served.config.write_text(plain)
        reload(served)
        assert reload(served, "--dry-run") == {}, setting
    assert not list(filter(None, wrong))


def test_the_folder_of_the_sockets_needs_a_restart_of_all(served):
    """bulkheadctl looks for routerd where the file says: so it is asked by a signal."""
    plain, mark = served.config.read_text(), served.log.mark()
    served.edit(run_dir=str(served.home / "elsewhere"))
    served.reload()
    served.log.wait(r'setting name=run_dir .*result="needs a restart of all daemons"', since=mark)
    served.config.write_text(plain)
    assert reload(served) == {"run_dir": "needs a restart of all daemons"}


def test_what_needs_a_restart_is_in_force_after_one(served):
    plain, port = served.config.read_text(), free_port()
    served.edit(**{"c2sd.listen_tls": [f"127.0.0.1:{port}"]})
    assert reload(served) == {"c2sd.listen_tls": "needs a restart of c2sd@1"}
    mark = served.log.mark()
    for instance in served.pids("c2sd"):
        assert served.ctl("restart", instance).returncode == 0
        served.log.wait(f"peer-joined peer={instance}", since=mark)
    assert reload(served) == {}
    served.log.wait(f"listening address=127.0.0.1:{port} ", since=mark)
    served.config.write_text(plain)
    assert reload(served) == {"c2sd.listen_tls": "needs a restart of c2sd@1"}


def test_more_processes_are_started_by_a_reload(suite):
    suite.edit(**{"c2sd.instances": 2, 'instance "c2sd@2".listen': [f"127.0.0.1:{free_port()}"]})
    said = reload(suite)
    assert said == {"c2sd.instances": 'applied by "bulkhead run", if that runs the daemons'}
    eventually(lambda: "c2sd@2" in suite.pids(), "the second c2sd")
    assert reload(suite, "--dry-run") == {}


def test_the_first_directory_comes_by_a_reload(suite, raw):
    """authd begins again, with a sandbox that lets it ask the directory; dirsyncd is started."""
    alice = raw(suite, "alice")
    suite.edit(**{'directory "main".servers': ["ldap://127.0.0.1:1"], 'directory "main".bind': "anonymous",
                  'directory "main".base': "dc=example"})
    mark = suite.log.mark()
    said = reload(suite)
    assert said['directory "main"'] == "applied" and said["the first directory"] == "applied by a restart of authd"
    suite.log.wait("peer-joined peer=authd", since=mark)
    suite.log.wait("peer-joined peer=dirsyncd", since=mark)
    alice.ping()
    raw(suite, "bob").ping()
