"""Who may do what with bulkheadctl: ctl.sock for administrators, monitor.sock for those who only look."""
import grp
import json
import os
import re
import stat
import struct
import subprocess

import pytest

import bus
from suite import AS_ROOT, BIN, ROOT

# The commands that change something, as an operator sees it, or show what people keep for themselves.
WRITERS = {
    "user add", "user passwd", "user del", "user disable", "user enable", "user import", "session kill", "announce",
    "log level", "restart", "drain", "s2s close", "s2s test", "s2s allow", "s2s deny", "ldap sync",
    "user purge", "user auth-test", "dns flush", "restore", "export", "import", "trace", "reload"}
# Those that read files, not the running server.
LOCAL = {"check", "check ldap", "version", "help", "complete", "cert test", "config get", "config dump", "backup"}
ARGUMENTS = {
    "user import": ["/dev/stdin"], "log level": ["authd", "info"], "restart": ["c2sd@1"], "drain": ["c2sd@1"],
    "s2s test": ["remote.example"], "announce": ["hello"], "session show": ["alice@localhost/x"],
    "session kill": ["alice@localhost"], "queue show": ["alice@localhost"]}


def commands():
    """name -> least number of arguments, of bulkheadctl's table."""
    text = (ROOT / "ctl/command_table.c").read_text()
    return {name: int(least or 0) for name, least in
            re.findall(r'\{\.name = "([\w -]+)", \.args = "[^"]*",(?: \.least = (\d+),)?', text)}


def verbs():
    """verb -> whether it writes, of routerd's tables."""
    found = {}
    for file in [*ROOT.glob("routerd/admin_*.c"), ROOT / "routerd/relay.c"]:
        for verb, writes in re.findall(r'\{"([\w.]+)", \w+(?:, \w+)?, (true|false)\}', file.read_text()):
            found[verb] = writes == "true"
    assert len(found) >= 25
    return found


def arguments(name, least):
    if name in ARGUMENTS:
        return ARGUMENTS[name]
    if name.startswith(("user", "ldap")):
        return ["alice@localhost"][:least]
    return ["remote.example"][:least]


@pytest.mark.parametrize("name, least", commands().items())
def test_a_command_that_writes_is_refused_on_the_read_only_socket(shared, name, least):
    if name in LOCAL:
        assert name not in WRITERS
        return
    more = ["--password-stdin"] if name in ("user add", "user passwd", "user auth-test") else []
    more += ["--once"] if name == "top" else []
    done = shared.ctl("--read-only", "--json", *name.split(), *arguments(name, least), *more, input="new\tsecret\n")
    if name in WRITERS:
        assert done.returncode == 4, done.stderr
        assert json.loads(done.stderr)[0]["code"] == "4" and not done.stdout
    else:
        assert done.returncode in (0, 5, 75), done.stderr


@pytest.mark.parametrize("verb, writes", verbs().items())
def test_routerd_itself_refuses_what_writes(shared, verb, writes):
    with bus.Peer(shared, "MONITOR") as peer:
        peer.welcomed(instance="bulkheadctl")
        args = b"".join(struct.pack(">I", len(a)) + a for a in (b"alice@localhost/x", b"info"))
        peer.send("CTL_REQUEST", 1, verb=verb, args=args)
        code = peer.expect("CTL_END")[2]["code"]
    assert (code == 4) == writes


def test_a_password_from_the_read_only_socket_ends_the_link(quiet):
    with bus.Peer(quiet, "MONITOR") as peer:
        peer.welcomed(instance="bulkheadctl")
        peer.send("ACCOUNT_PUT", 1, account="alice@localhost", how=2, password=b"mine")
        assert "ACCOUNT_REPLY" not in peer.gone()


def test_nobody_can_try_passwords_on_the_read_only_socket(quiet):
    with bus.Peer(quiet, "MONITOR") as peer:
        peer.welcomed(instance="bulkheadctl")
        peer.send("AUTH_TEST", 1, account="alice@localhost", password=b"wonderland-1")
        assert "CTL_END" not in peer.gone()


def test_what_was_changed_and_by_whom_is_in_the_log(suite):
    since = suite.log.mark()
    assert suite.ctl("user", "disable", "bob@localhost").returncode == 0
    suite.log.wait(rf"info routerd admin verb=user\.disable uid={os.geteuid()} pid=\d+", since)
    assert not suite.log.find(r"admin verb=status", since)


def test_the_sockets_are_for_their_groups_alone(shared):
    for socket, group in (("ctl.sock", "bulkhead-admin"), ("monitor.sock", "bulkhead-monitor")):
        status = (shared.bus_dir / socket).stat()
        assert stat.S_IMODE(status.st_mode) == (0o660 if AS_ROOT else 0o600)
        assert not AS_ROOT or status.st_gid == grp.getgrnam(group).gr_gid


def as_nobody(suite, groups, *arguments):
    """What a member of those groups may do; without being root nobody else can be had, and we are our own."""
    who = {"user": 65534, "group": 65534, "extra_groups": [grp.getgrnam(g).gr_gid for g in groups]} if AS_ROOT else {}
    return subprocess.run([BIN / "bulkheadctl", "-d", suite.home, *arguments], capture_output=True, text=True, timeout=60,
                          check=False, **who)


def test_a_member_of_the_administrators_group_may_do_all(suite):
    done = as_nobody(suite, ["bulkhead-admin"], "user", "del", "bob@localhost")
    assert done.returncode == 0, done.stderr


def test_a_member_of_the_monitoring_group_may_look(suite):
    done = as_nobody(suite, ["bulkhead-monitor"], "--json", "status")
    assert done.returncode == 0 and len(json.loads(done.stdout)) == 4, done.stderr
    done = as_nobody(suite, ["bulkhead-monitor"], "user", "del", "bob@localhost")
    assert done.returncode == (4 if AS_ROOT else 0)


def test_anybody_else_may_nothing(suite):
    for command in (["status"], ["user", "del", "bob@localhost"]):
        done = as_nobody(suite, [], *command)
        assert done.returncode == (4 if AS_ROOT else 0) and (not AS_ROOT or "only root and its group may" in done.stderr)


def test_another_group_may_be_configured(make_suite):
    group = grp.getgrall()[1]
    suite = make_suite(settings={"admin_group": group.gr_name, "monitor_group": "bulkhead-nobody-has-this"})
    status = (suite.bus_dir / "ctl.sock").stat()
    assert not AS_ROOT or (status.st_gid, stat.S_IMODE(status.st_mode)) == (group.gr_gid, 0o660)
    assert stat.S_IMODE((suite.bus_dir / "monitor.sock").stat().st_mode) == 0o600
    assert not AS_ROOT or suite.log.find(r"no-group setting=monitor_group")
