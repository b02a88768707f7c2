"""Each daemon is a sealed process: its own user, no new privileges, a seccomp filter."""
import grp
import os
import pwd
import re
import signal
from pathlib import Path

import pytest

from directory_front import replace
from suite import AS_ROOT, BIN, SANITIZED

DAEMONS = ["routerd", "authd", "c2sd", "keyd"]
GROUPS = {"keyd": "bulkhead-tls", "c2sd": "bulkhead-sign", "s2sd": "bulkhead-sign"}


def status(pid):
    text = Path(f"/proc/{pid}/status").read_text()
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def pid_of(suite, daemon):
    return suite.keyd if daemon == "keyd" else suite.pids(daemon).popitem()[1]


@pytest.mark.parametrize("daemon", DAEMONS)
def test_a_daemon_gains_no_privileges_and_is_filtered(shared, daemon):
    found = status(pid_of(shared, daemon))
    assert found["NoNewPrivs"] == "1"
    assert found["Seccomp"] == "2"


@pytest.mark.parametrize("daemon", DAEMONS)
def test_s28_all_threads_of_a_daemon_are_confined(shared, daemon):
    """None was there before the filter, and none has a capability that it could take back."""
    threads = list(Path(f"/proc/{pid_of(shared, daemon)}/task").iterdir())
    for thread in threads:
        found = status(f"{thread.parent.parent.name}/task/{thread.name}")
        assert (found["NoNewPrivs"], found["Seccomp"]) == ("1", "2")
        for capabilities in ("CapEff", "CapPrm", "CapInh", "CapAmb") + (("CapBnd",) if AS_ROOT else ()):
            assert int(found[capabilities], 16) == 0, capabilities


@pytest.mark.parametrize("daemon", DAEMONS)
def test_s28_a_daemon_dumps_no_core(shared, daemon):
    pid = pid_of(shared, daemon)
    limits = Path(f"/proc/{pid}/limits").read_text()
    assert re.search(r"^Max core file size +0 +0 ", limits, re.M)
    if not SANITIZED:  # what cannot be dumped has files in /proc that are root's
        assert os.stat(f"/proc/{pid}/environ").st_uid == 0


def test_s28_the_programs_have_no_way_in():
    """The one of tests/breach is in a build of its own only."""
    programs = list(BIN.glob("bulkhead*"))
    assert len(programs) >= 8
    for program in programs:
        assert b"BULKHEAD_BREACH" not in program.read_bytes(), program


@pytest.mark.parametrize("daemon", DAEMONS)
def test_a_daemon_runs_as_a_user_of_its_own(shared, daemon):
    found = status(pid_of(shared, daemon))
    users = set(found["Uid"].split())
    assert len(users) == 1 and len(set(found["Gid"].split())) == 1
    if not AS_ROOT:
        assert users == {str(os.getuid())}
        return
    assert users == {str(pwd.getpwnam(f"bulkhead-{daemon}").pw_uid)} and users != {"0"}
    group = GROUPS.get(daemon)
    assert found["Groups"].split() == ([str(grp.getgrnam(group).gr_gid)] if group else [])
    for capabilities in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
        assert int(found[capabilities], 16) == 0


def test_the_users_differ(shared):
    users = {status(pid_of(shared, daemon))["Uid"].split()[0] for daemon in DAEMONS}
    assert len(users) == (len(DAEMONS) if AS_ROOT else 1)


def can(daemon, action):
    """Does it work as that daemon's user, in its group besides?  In a child process."""
    user = pwd.getpwnam(f"bulkhead-{daemon}")
    groups = [grp.getgrnam(GROUPS[daemon]).gr_gid] if daemon in GROUPS else []
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setgroups(groups)
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
            action()
            code = 0
        except OSError:
            code = 2
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 2), "the attempt itself went wrong"
    return code == 0


def secrets(suite):
    """The files that one compartment holds: TLS keys, and authd's store."""
    keys = [p for p in suite.home.rglob("*") if p.is_file() and p.suffix in (".key", ".pem")
            and b"PRIVATE KEY" in p.read_bytes()]
    stores = [p for p in suite.home.rglob("*") if p.is_file()
              and p.read_bytes()[:15] == b"SQLite format 3"]
    assert keys and stores
    return keys, stores


def test_no_daemon_can_read_what_is_another_s(suite):
    keys, stores = secrets(suite)
    for path in keys + stores:
        assert os.stat(path).st_mode & 0o007 == 0, path
    if not AS_ROOT:
        return
    for daemon in DAEMONS:
        for path in ([] if daemon == "keyd" else keys) + ([] if daemon == "authd" else stores):
            assert not can(daemon, lambda: open(path, "rb").close()), f"{daemon} can read {path}"
    assert all(can("keyd", lambda: open(path, "rb").close()) for path in keys)


def test_a_role_s_socket_is_for_its_user_only(shared):
    sockets = {p.name: os.stat(p) for p in shared.bus_dir.glob("*.sock")}
    assert {"c2s.sock", "auth.sock", "ctl.sock", "key.sock"} <= set(sockets)
    for name, found in sockets.items():
        assert found.st_mode & 0o007 == 0, name
        if AS_ROOT and name in ("c2s.sock", "auth.sock"):
            daemon = {"c2s.sock": "c2sd", "auth.sock": "authd"}[name]
            assert found.st_uid == pwd.getpwnam(f"bulkhead-{daemon}").pw_uid
            assert found.st_mode & 0o077 == 0


@pytest.mark.parametrize("daemon", DAEMONS)
def test_a_daemon_holds_no_more_descriptors_than_it_needs(shared, daemon):
    pid = pid_of(shared, daemon)
    if not AS_ROOT:  # a daemon is not dumpable: nobody but root may look
        assert not os.access(f"/proc/{pid}/fd", os.R_OK)
        return
    opened = [os.readlink(fd) for fd in Path(f"/proc/{pid}/fd").iterdir()]
    inet = {m.group(1) for t in ("tcp", "tcp6") for m in re.finditer(
        r"^\s*\d+:(?:\s+\S+){8}\s+(\d+)", Path(f"/proc/net/{t}").read_text(), re.M)}
    sockets = {m.group(1) for f in opened if (m := re.match(r"socket:\[(\d+)\]", f))}
    assert bool(sockets & inet) == (daemon == "c2sd")
    files = [f for f in opened if f.startswith("/")]
    data = {Path(f).name.split(".db")[0] for f in files if re.search(r"\.(db|sqlite)(-\w+)?$", f)}
    assert data == {"authd": {"accounts"}, "routerd": {"router"}}.get(daemon, set()), files


def test_the_order_of_the_end(suite, raw):
    """SIGTERM: everybody ends, the front ends before the rest, and the whole with 0."""
    raw(suite, "alice")
    pids = suite.pids()
    assert suite.stop() == 0
    for pid in pids.values():
        assert not os.path.exists(f"/proc/{pid}")


def test_a_daemon_that_has_not_begun_yet_is_ended_as_well(make_suite):
    """One that was killed and is started again has not got as far as to heed SIGTERM, and dies of it."""
    suite = make_suite(start=False)
    slow = f"""#!/bin/sh
[ ! -e "{suite.home}/later" ] || {{ echo "it is not there yet" >&2; exec sleep 1000; }}
exec "{BIN}/bulkhead-c2sd" "$@"
"""
    replace(suite, c2sd=slow).start()
    (suite.home / "later").touch()
    os.kill(suite.pids("c2sd").popitem()[1], signal.SIGKILL)
    suite.log.wait("^it is not there yet")
    assert suite.stop() == 0
