"""bulkheadctl and `bulkhead init`: every command, its table, its JSON, its exit code."""
import json
import os
import pty
import re
import subprocess
from pathlib import Path

import pytest

from suite import BIN, eventually, run
from xmpp import Closed, StreamError

COLUMNS = {
    ("status",): ["daemon", "instance", "pid", "uptime", "version", "state", "sessions", "restarts"],
    ("session", "list"): ["jid", "instance", "connection", "address", "since", "tls", "mechanism",
                          "priority", "state"],
    ("user", "list"): ["account", "state", "created", "reason"],
}


@pytest.mark.parametrize("command", COLUMNS, ids=" ".join)
def test_a_listing_has_its_columns_in_json_and_as_a_table(suite, raw, command):
    raw(suite, "alice")
    rows = suite.rows(*command)
    assert rows and all(list(row) == COLUMNS[command] for row in rows)
    table = suite.ctl(*command)
    assert table.returncode == 0
    heading = table.stdout.splitlines()[0].lower().split()
    assert heading == COLUMNS[command]
    assert len(table.stdout.splitlines()) == len(rows) + 1


def test_status_names_every_daemon(suite):
    rows = {row["daemon"]: row for row in suite.rows("status")}
    assert set(rows) == {"routerd", "c2sd", "authd", "keyd"}
    for row in rows.values():
        command = Path(f"/proc/{row['pid']}/cmdline").read_bytes().split(b"\0")[0].decode()
        assert command.endswith(f"bulkhead-{row['daemon']}")
    states = {daemon: row["state"] for daemon, row in rows.items()}
    assert states == {"routerd": "custody: healed", "c2sd": "up", "authd": "up", "keyd": "up"}


def test_session_list_tells_who_is_there(suite, raw):
    alice = raw(suite, "alice", "home", priority=7)
    quiet = raw(suite, "bob", "quiet", priority=None)
    rows = {row["jid"]: row for row in suite.rows("session", "list")}
    assert set(rows) == {alice.jid, quiet.jid}
    row = rows[alice.jid]
    assert str(row["priority"]) == "7" and row["state"] == "available"
    assert row["address"].split(":")[0] == "127.0.0.1"
    assert row["mechanism"] == "SCRAM-SHA-1"
    assert rows[quiet.jid]["state"] == "connected"
    only = suite.rows("session", "list", "alice@localhost")
    assert [r["jid"] for r in only] == [alice.jid]


def test_session_kill_closes_one_or_all_of_somebody(suite, raw):
    one, two, bob = raw(suite, "alice", "1"), raw(suite, "alice", "2"), raw(suite, "bob")
    assert suite.ctl("session", "kill", "alice@localhost/1").returncode == 0
    assert one.error() in ("policy-violation", "not-authorized", "conflict", "reset")
    two.ping()
    assert suite.ctl("session", "kill", "alice@localhost").returncode == 0
    two.error()
    bob.ping()
    assert suite.ctl("session", "kill", "alice@localhost").returncode == 5


def test_an_account_s_whole_life(suite, raw):
    def login(password):
        stream = raw(suite).open().starttls()
        return stream.scram("SCRAM-SHA-256", "carol", password)

    def ctl(*arguments, input=None):
        return suite.ctl("user", *arguments, input=input).returncode
    assert login("first") == "not-authorized"
    assert ctl("add", "carol@localhost", "--password-stdin", input="first\n") == 0
    assert ctl("add", "carol@localhost", "--password-stdin", input="first\n") == 6
    assert login("first") == "success"
    assert "carol@localhost" in [r["account"] for r in suite.rows("user", "list")]
    assert ctl("passwd", "carol@localhost", "--password-stdin", input="second\n") == 0
    assert login("second") == "success"
    assert login("first") == "not-authorized"
    assert ctl("del", "carol@localhost") == 0
    assert ctl("del", "carol@localhost") == 5
    assert ctl("passwd", "carol@localhost", "--password-stdin", input="x\n") == 5
    assert "carol@localhost" not in [r["account"] for r in suite.rows("user", "list")]
    assert login("second") in ("not-authorized", "temporary-auth-failure")


@pytest.mark.parametrize("change", ["del", "passwd"])
def test_a_deleted_account_or_a_changed_password_ends_the_sessions(suite, raw, change):
    alice, bob = raw(suite, "alice"), raw(suite, "bob")
    waiting = raw(suite)
    waiting.login("alice", suite.password("alice@localhost"))
    arguments = ["--password-stdin"] if change == "passwd" else []
    done = suite.ctl("user", change, "alice@localhost", *arguments, input="new one\n")
    assert done.returncode == 0
    assert alice.error() in ("not-authorized", "policy-violation")
    with pytest.raises((StreamError, Closed)):
        waiting.bind()  # it had logged in and not bound yet
    assert [r["jid"] for r in suite.rows("session", "list")] == [bob.jid]


def test_import_takes_thousands_and_names_what_is_wrong(suite, raw):
    file = suite.dir / "many.txt"
    file.write_text("".join(f"user{n}@localhost\tpass{n}\n" for n in range(300)))
    assert suite.ctl("user", "import", file).returncode == 0
    accounts = [r["account"] for r in suite.rows("user", "list")]
    assert len(accounts) == 302
    stream = raw(suite).open().starttls()
    assert stream.scram("SCRAM-SHA-1", "user299", "pass299") == "success"
    file.write_text("fine@localhost\tx\nno tab here\n")
    done = suite.ctl("user", "import", file)
    assert done.returncode != 0 and re.search(r"many\.txt:2|line 2", done.stderr + done.stdout)
    assert suite.ctl("user", "import", suite.dir / "none").returncode != 0


@pytest.mark.parametrize("address, code", [
    ("carol", 2), ("carol@localhost/home", 2), ("@localhost", 2), ("a b@localhost", 2),
    ("carol@elsewhere.example", 5)])
def test_an_address_that_cannot_be_ours_is_refused(shared, address, code):
    done = shared.ctl("user", "add", address, "--password-stdin", input="x\n")
    assert done.returncode in (code, 1, 2, 5) and done.returncode != 0
    assert address.split("@")[-1] in done.stderr or "address" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_an_empty_password_is_refused(shared):
    done = shared.ctl("user", "add", "carol@localhost", "--password-stdin", input="\n")
    assert done.returncode != 0 and "password" in done.stderr
    assert "carol@localhost" not in [r["account"] for r in shared.rows("user", "list")]


@pytest.mark.parametrize("arguments, hint", [
    (["statsu"], "stat"), (["statuss"], "status"), (["user", "lst"], "list"), (["sesion", "list"], "session"),
    (["usr", "add", "x@localhost"], "user"), (["session", "kil", "x@localhost"], "kill")])
def test_a_mistyped_command_gets_a_hint(shared, arguments, hint):
    done = shared.ctl(*arguments)
    assert done.returncode == 2
    assert re.search(rf"did you mean.*{hint}", done.stderr, re.I)


@pytest.mark.parametrize("arguments", [
    [], ["user"], ["user", "add"], ["user", "del"], ["session", "kill"], ["status", "more"],
    ["--nonsense", "status"], ["user", "add", "a@localhost", "b@localhost"]])
def test_wrong_usage_is_2_and_says_how(shared, arguments):
    done = shared.ctl(*arguments)
    assert done.returncode == 2 and re.search("usage|see bulkheadctl help", done.stderr)


def test_help_goes_to_standard_output(shared):
    done = shared.ctl("--help")
    assert done.returncode == 0 and "session" in done.stdout and not done.stderr


@pytest.mark.parametrize("arguments", [["status"], ["--json", "user", "list"], ["--help"]])
def test_output_that_cannot_be_written_is_an_error(shared, arguments):
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([BIN / "bulkheadctl", "-d", shared.home, *arguments], stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == 1 and "standard output" in done.stderr


def test_a_password_is_never_an_argument(shared):
    """A word too many is refused before anything happens, and not repeated anywhere."""
    done = shared.ctl("user", "add", "dave@localhost", "his-password-1")
    assert done.returncode == 2
    assert "dave@localhost" not in [r["account"] for r in shared.rows("user", "list")]
    assert "his-password-1" not in shared.log.text()


def test_a_password_is_asked_for_twice_on_a_terminal(suite):
    def type_in(first, second):
        main, terminal = pty.openpty()
        process = subprocess.Popen(
            [BIN / "bulkheadctl", "-d", suite.home, "user", "add", "eve@localhost"],
            stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True,
            preexec_fn=controlling_terminal)
        os.close(terminal)
        seen = b""
        for n, word in enumerate((first, second)):
            while seen.lower().count(b"password") <= n:
                seen += os.read(main, 1024)
            os.write(main, word.encode() + b"\n")
        code = process.wait(30)
        while True:
            try:
                more = os.read(main, 4096)
            except OSError:
                more = b""
            if not more:
                break
            seen += more
        os.close(main)
        assert first.encode() not in seen, "the password was echoed"
        return code
    assert type_in("typed-1", "typed-2") != 0
    assert type_in("typed-1", "typed-1") == 0
    assert "eve@localhost" in [r["account"] for r in suite.rows("user", "list")]


def controlling_terminal():
    import fcntl
    import termios
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_without_a_terminal_nothing_is_asked(shared):
    done = shared.ctl("user", "add", "frank@localhost", input="")
    assert done.returncode == 2 and "--password-stdin" in done.stderr


def test_json_is_given_for_every_command(suite):
    for arguments, input in ((["user", "add", "gina@localhost", "--password-stdin"], "x\n"),
                             (["user", "passwd", "gina@localhost", "--password-stdin"], "y\n"),
                             (["user", "del", "gina@localhost"], None),
                             (["check", "config"], None)):
        done = suite.ctl(*arguments, "--json", input=input)
        assert done.returncode == 0, done.stderr
        json.loads(done.stdout)
    done = suite.ctl("user", "del", "gina@localhost", "--json")
    assert done.returncode == 5
    assert json.loads(done.stdout or done.stderr)


def test_check_config_finds_what_is_wrong_and_where(suite):
    assert suite.ctl("check", "config").returncode == 0
    good = suite.config.read_text()
    line = good.count("\n") + 2
    suite.config.write_text(good + "\nc2sd {\n\tauth_timeuot = 3\n}\n")
    done = suite.ctl("check", "config")
    assert done.returncode == 78
    assert re.search(rf"bulkhead\.conf:{line + 1}: unknown setting '?\"?[\w.]*auth_timeuot",
                     done.stderr)
    assert re.search(r"did you mean '?\"?[\w.]*auth_timeout", done.stderr)


def test_when_nothing_runs_it_says_so(make_suite):
    suite = make_suite(start=False)
    suite.init()
    done = suite.ctl("status")
    assert done.returncode == 3 and "not running" in done.stderr
    assert suite.ctl("check", "config").returncode == 0


def test_an_instance_that_is_none_is_named(tmp_path):
    done = run(BIN / "bulkheadctl", "-d", tmp_path / "nothing", "status")
    assert done.returncode in (3, 78) and str(tmp_path / "nothing") in done.stderr


def test_init_is_idempotent(make_suite):
    suite = make_suite(start=False)
    suite.init()

    def contents():
        return {p: p.read_bytes() for p in suite.home.rglob("*") if p.is_file()}
    before = contents()
    assert any(p.suffix in (".pem", ".crt") for p in before)
    suite.init()
    assert contents() == before


def test_init_refuses_a_domain_that_is_none(tmp_path):
    for domain in ("a b", "x@y", "-", ""):
        done = run(BIN / "bulkhead", "init", tmp_path / "x", "--domain", domain)
        assert done.returncode in (2, 78) and len(done.stderr.strip().splitlines()) <= 3
        assert not (tmp_path / "x" / "bulkhead.conf").exists()


def test_what_dies_is_started_again(suite, raw):
    """authd killed: log-ins work again soon, and nobody is dropped.  c2sd killed: it comes back."""
    alice = raw(suite, "alice")
    old = suite.pids()

    def restarted(daemon):
        def check():
            done = suite.ctl("status", "--json")
            rows = json.loads(done.stdout) if done.returncode == 0 else []
            pids = {r["instance"]: int(r["pid"]) for r in rows}
            return daemon in pids and pids[daemon] != old[daemon]
        return check
    os.kill(old["authd"], 9)
    eventually(restarted("authd"), "authd again")
    alice.ping()
    eventually(lambda: raw(suite).open().starttls().scram(
        "SCRAM-SHA-1", "bob", "builder-2") == "success", "a log-in")
    c2sd = next(name for name in old if name.startswith("c2sd"))
    os.kill(old[c2sd], 9)
    alice.closed()
    eventually(restarted(c2sd), "c2sd again")

    def back():
        try:
            return raw(suite, "alice", "again").ping() is not None
        except OSError:
            return False
    eventually(back, "a log-in through the new c2sd")
