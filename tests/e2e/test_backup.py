"""bulkheadctl backup and restore: what a copy has that was taken while the server ran."""
import hashlib
import json
import os
import pwd
import re
import shutil
import sqlite3
import stat
import threading
import time
import xml.etree.ElementTree as ET

import pytest

from im import befriend, put, roster
from slapd import make_slapd, slapd  # noqa: F401 (fixtures)
from suite import AS_ROOT, eventually
from test_ctl_rights import as_nobody
from test_directory_login import start  # noqa: F401 (a fixture)
from xmpp import body

FILES = ("accounts.db", "router.db")


@pytest.fixture
def copy(suite):
    return suite.dir / "copy"


@pytest.fixture
def backed(suite, raw, copy):
    """alice and bob are friends, a message waits for bob, and there is a backup."""
    alice, bob = raw(suite, "alice"), raw(suite, "bob")
    befriend(alice, bob)
    put(alice, "bob@localhost", "Bob", ["Builders"])
    bob.close()
    eventually(lambda: not suite.rows("session", "list", "bob@localhost"), "bob to go")
    alice.message("bob@localhost", "it waits")
    alice.iq("set", "<vCard xmlns='vcard-temp'><FN>Alice</FN></vCard>")  # whose answer says that all before is stored
    alice.close()
    made = suite.ctl("--json", "backup", copy)
    assert made.returncode == 0, made.stderr
    suite.made = {row["store"]: row for row in json.loads(made.stdout)}
    return suite


def content(suite):
    """Of all the stores: every row, whatever its files look like."""
    found = {}
    for file in sorted((suite.home / "state").glob("*/*.db")):
        with sqlite3.connect(file) as db:
            found[file.name] = list(db.iterdump())
        db.close()
    return found


def write_manifest(copy, change):
    """Changes it as somebody does who can write it."""
    file = copy / "manifest"
    file.write_text(change(file.read_text()))


def refused(suite, copy, text, code=1):
    """It is refused by a dry run and in earnest, and nothing has changed."""
    before = content(suite)
    for more in (["--dry-run"], []):
        done = suite.ctl("--json", "restore", copy, *more)
        answer = json.loads(done.stderr)[0]
        assert done.returncode == code and answer["code"] == str(code) and text in answer["text"], done.stderr
        assert not done.stdout
    assert content(suite) == before
    assert not (suite.home / "state/restore-unfinished").exists()


def comes(suite, raw):
    """bob, who drops nothing that comes as soon as he is there."""
    bob = raw(suite, "bob", priority=None)
    bob.send("<presence/>")
    return bob


def test_what_was_there_comes_back(backed, raw, copy):
    suite = backed
    bob = comes(suite, raw)
    assert body(bob.next_message()) == "it waits"
    bob.iq("set", "<query xmlns='jabber:iq:roster'><item jid='alice@localhost' subscription='remove'/></query>")
    bob.close()
    for command in (["user", "purge", "alice@localhost"], ["user", "disable", "bob@localhost"]):
        assert suite.ctl(*command).returncode == 0
    assert suite.ctl("user", "add", "new@localhost", "--password-stdin", input="new-1\n").returncode == 0
    assert suite.stop() == 0
    done = suite.ctl("--json", "restore", copy)
    assert done.returncode == 0, done.stderr
    assert {row["store"]: row for row in json.loads(done.stdout)} == suite.made
    suite.spawn()
    suite.log.wait(r"^bulkhead: ready")
    assert [(r["account"], r["state"]) for r in suite.rows("user", "list")] == [
        ("alice@localhost", "enabled"), ("bob@localhost", "enabled")]
    alice, bob = raw(suite, "alice"), comes(suite, raw)
    assert body(bob.next_message()) == "it waits"
    item = roster(alice)["bob@localhost"]
    assert (item.name, item.groups, item.state) == ("Bob", ["Builders"], "both")
    assert b"Alice" in ET.tostring(alice.iq("get", "<vCard xmlns='vcard-temp'/>"))
    assert suite.ctl("check", "store").returncode == 0


def test_a_backup_is_for_its_owner_alone_and_says_what_is_in_it(backed, copy):
    assert {file.name for file in copy.iterdir()} == {*FILES, "manifest"}
    assert stat.S_IMODE(copy.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in copy.iterdir()} == {0o600}
    lines = (copy / "manifest").read_text().splitlines()
    assert lines[0] == "bulkhead-backup 1" and lines[-1] == "end" and len(lines) == 4 + len(FILES)
    for name in FILES:
        data, row = (copy / name).read_bytes(), backed.made[name]
        assert (int(row["bytes"]), row["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
        assert f"store {name} {row['schema']} {row['bytes']} {row['sha256']}" in lines
    secrets = [file.read_bytes() for file in (backed.home / "keys").iterdir()]
    assert secrets and not any(secret in file.read_bytes() for secret in secrets for file in copy.iterdir())


def test_what_is_restored_belongs_to_the_daemons(backed, copy):
    state = backed.home / "state"
    assert backed.stop() == 0
    shutil.rmtree(state)
    done = backed.ctl("restore", copy)
    assert done.returncode == 0, done.stderr
    for daemon, name in (("authd", "accounts.db"), ("routerd", "router.db")):
        for path, mode in ((state / daemon, 0o700), (state / daemon / name, 0o600)):
            owner = pwd.getpwnam(f"bulkhead-{daemon}").pw_uid if AS_ROOT else os.geteuid()
            assert (path.stat().st_uid, stat.S_IMODE(path.stat().st_mode)) == (owner, mode)
    backed.spawn()
    backed.log.wait(r"^bulkhead: ready")
    assert backed.ctl("check", "permissions").returncode == 0
    assert len(backed.rows("user", "list")) == 2


def test_a_dry_run_needs_no_stopped_server_and_changes_nothing(backed, copy):
    before = content(backed)
    assert {row["store"]: row for row in backed.rows("restore", copy, "--dry-run")} == backed.made
    assert content(backed) == before


def test_a_running_server_is_not_restored(backed, copy):
    before = content(backed)
    done = backed.ctl("restore", copy)
    assert done.returncode == 1 and "Bulkhead is running: stop it first" in done.stderr
    assert content(backed) == before and not (backed.home / "state/restore-unfinished").exists()
    assert backed.ctl("restart", "authd", "--timeout", "30").returncode == 0


def test_a_store_that_somebody_has_open_is_not_replaced(backed, copy):
    assert backed.stop() == 0
    db = sqlite3.connect(backed.home / "state/authd/accounts.db")
    db.execute("SELECT count(*) FROM accounts").fetchall()
    try:
        done = backed.ctl("restore", copy)
        assert done.returncode == 1 and "accounts.db open: stop authd first" in done.stderr
    finally:
        db.close()
    assert not (backed.home / "state/restore-unfinished").exists()
    assert backed.ctl("restore", copy).returncode == 0


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_backup_is_refused(backed, copy, name):
    assert backed.stop() == 0
    file = copy / name
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    refused(backed, copy, f"{name} is not what was written there: the backup is damaged")
    file.write_bytes(data[:-1])
    refused(backed, copy, f"{name} is not what was written there: the backup is damaged")
    file.unlink()
    refused(backed, copy, "No such file")


@pytest.mark.parametrize("change", [
    lambda text: text.replace("end\n", ""), lambda text: text + "more\n", lambda text: "", lambda text: text.replace("backup 1", "backup 2"),
    lambda text: text.replace("store router.db", "store ../router.db"), lambda text: text.replace("store router.db", "store /etc/passwd"),
    lambda text: text.replace("store router.db", "store accounts.db"), lambda text: text.replace("store ", "store 1 ", 1),
    lambda text: text.replace("end\n", "end"), lambda text: "x" * 5000 + text])
def test_a_manifest_that_is_none_is_refused(backed, copy, change):
    assert backed.stop() == 0
    write_manifest(copy, change)
    refused(backed, copy, "is no manifest of a backup that this version understands")


def test_a_backup_without_a_needed_store_is_refused(backed, copy):
    assert backed.stop() == 0
    write_manifest(copy, lambda text: "".join(line for line in text.splitlines(True) if "router.db" not in line))
    refused(backed, copy, "has no router.db")
    shutil.rmtree(copy)
    refused(backed, copy, "No such file")


def test_a_newer_schema_is_refused(backed, copy):
    assert backed.stop() == 0
    file = copy / "router.db"
    db = sqlite3.connect(file)
    db.execute("PRAGMA user_version = 1000")
    db.close()
    data, row = file.read_bytes(), backed.made["router.db"]
    known = f"router.db {row['schema']} {row['bytes']} {row['sha256']}"
    now = hashlib.sha256(data).hexdigest()
    write_manifest(copy, lambda text: text.replace(known, f"router.db {row['schema']} {len(data)} {now}"))
    refused(backed, copy, "has not the schema that the manifest says")
    write_manifest(copy, lambda text: text.replace(f"router.db {row['schema']}", "router.db 1000"))
    refused(backed, copy, "it was made by a newer Bulkhead")


def test_what_is_there_already_is_not_written_over(backed, copy):
    before = {file.name: file.read_bytes() for file in copy.iterdir()}
    done = backed.ctl("backup", copy)
    assert done.returncode == 6 and "exists already" in done.stderr
    assert {file.name: file.read_bytes() for file in copy.iterdir()} == before
    done = backed.ctl("backup", backed.dir / "nowhere/copy")
    assert done.returncode == 1 and "No such file" in done.stderr


def test_a_backup_that_fails_leaves_nothing(backed, copy):
    assert backed.stop() == 0
    store = backed.home / "state/routerd/router.db"
    data = bytearray(store.read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    store.write_bytes(data)
    done = backed.ctl("backup", backed.dir / "other")
    assert done.returncode == 1, done.stdout
    assert not [file for file in backed.dir.iterdir() if file.name.startswith("other")]
    assert backed.ctl("restore", copy).returncode == 0  # and such a one is mended by a restore
    assert backed.ctl("check", "store").returncode == 0


def test_what_has_happened_in_a_directory_since_is_found_out_again(slapd, start):  # noqa: F811
    slapd.add("alice", "secret-1")
    slapd.add("bob", "secret-1")
    suite = start(slapd)

    def accounts():
        return sorted(row["account"] for row in suite.rows("user", "list"))
    eventually(lambda: accounts() == ["alice@localhost", "bob@localhost"], "the directory to be read")
    made = suite.rows("backup", suite.dir / "copy")
    assert {row["store"] for row in made} == {*FILES, "directory.db"}
    slapd.delete("bob")
    slapd.add("carol", "secret-1")
    eventually(lambda: accounts() == ["alice@localhost", "carol@localhost"], "bob to go, and carol to come")
    assert suite.stop() == 0
    assert suite.rows("restore", suite.dir / "copy") == made
    db = sqlite3.connect(suite.home / "state/dirsyncd/directory.db")
    assert sorted(row[0] for row in db.execute("SELECT local FROM entry")) == ["alice", "bob"]
    db.close()
    suite.spawn()
    suite.log.wait(r"^bulkhead: ready")
    eventually(lambda: accounts() == ["alice@localhost", "carol@localhost"], "what has happened meanwhile")


def test_a_store_that_the_backup_does_not_have_goes(backed, copy):
    assert backed.stop() == 0
    folder = backed.home / "state/dirsyncd"
    folder.mkdir(exist_ok=True)
    (folder / "directory.db").write_bytes(b"")
    assert backed.ctl("restore", copy).returncode == 0
    assert not (folder / "directory.db").exists()


def test_after_half_a_restore_no_daemon_starts_until_it_is_repeated(backed, copy):
    suite, in_the_way = backed, backed.home / "state/routerd/router.db"
    assert suite.stop() == 0
    in_the_way.unlink()
    (in_the_way / "full").mkdir(parents=True)  # nothing can be renamed to that
    done = suite.ctl("restore", copy)
    assert done.returncode == 1 and "repeat the restore" in done.stderr
    suite.spawn()
    assert suite.process.wait(60) != 0
    suite.log.wait(r"a restore is not finished")
    shutil.rmtree(in_the_way)
    done = suite.ctl("restore", copy)
    assert done.returncode == 0, done.stderr
    suite.spawn()
    suite.log.wait(r"^bulkhead: ready")
    assert len(suite.rows("user", "list")) == 2


def test_who_may_only_look_cannot_restore(backed, copy):
    assert backed.stop() == 0
    assert backed.ctl("--read-only", "restore", copy).returncode == 4
    assert backed.ctl("--read-only", "restore", copy, "--dry-run").returncode == 0


def test_who_cannot_read_the_stores_makes_no_backup(suite):
    folder = suite.dir / "open"
    folder.mkdir()
    folder.chmod(0o777)
    done = as_nobody(suite, ["bulkhead-admin"], "backup", folder / "copy")
    assert done.returncode == (4 if AS_ROOT else 0) and (not AS_ROOT or "cannot be read" in done.stderr)
    assert AS_ROOT == (not list(folder.iterdir()))


class Load:
    """alice writes to bob, who is away, as fast as she can, and looks how long the server takes to answer her."""

    def __init__(self, suite, raw):
        self.alice = raw(suite, "alice", "talks")
        self.slowest, self.sent, self.stop = 0.0, 0, threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.stop.is_set():
            for _ in range(20):
                self.alice.message("bob@localhost", f"{self.sent} " + "x" * 1000)
                self.sent += 1
            began = time.monotonic()
            self.alice.ping()
            self.slowest = max(self.slowest, time.monotonic() - began)

    def end(self):
        self.stop.set()
        self.thread.join()
        return self


def test_a_backup_under_load_is_whole_and_holds_nobody_up(make_suite, raw):
    suite = make_suite(settings={"routerd.offline_messages": 1000000})
    load = Load(suite, raw)
    eventually(lambda: load.sent > 500, "a store with something in it")
    for n in range(5):
        began = load.sent
        done = suite.ctl("backup", suite.dir / f"copy{n}")
        assert done.returncode == 0, done.stderr
        eventually(lambda: load.sent > began + 100, "messages during and after it")
    load.end()
    assert load.slowest < 2
    kept = []
    for n in range(5):
        for name in FILES:
            db = sqlite3.connect(f"file:{suite.dir}/copy{n}/{name}?mode=ro", uri=True)
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            if name == "router.db":
                kept.append([int(re.search(rb">(\d+) x", row[0]).group(1))
                             for row in db.execute("SELECT envelope FROM offline ORDER BY id")])
            db.close()
    for numbers in kept:  # each has all up to its moment, and none twice
        assert numbers == list(range(len(numbers)))
    assert [len(numbers) for numbers in kept] == sorted(len(numbers) for numbers in kept)
    assert suite.stop() == 0
    assert suite.ctl("restore", suite.dir / "copy2").returncode == 0
    suite.spawn()
    suite.log.wait(r"^bulkhead: ready")
    row = suite.rows("user", "show", "bob@localhost")[0]
    assert int(row["offline_messages"]) == len(kept[2])


def test_a_purge_meanwhile_says_that_it_wants_to_be_repeated(suite, raw):
    alice = raw(suite, "alice")
    alice.message("bob@localhost", "a-word-to-be-purged")
    alice.ping()
    reader = sqlite3.connect(suite.home / "state/routerd/router.db")
    stored = "SELECT count(*) FROM offline"
    eventually(lambda: reader.execute(stored).fetchall() == [(1,)], "the message in the store")
    reader.execute("BEGIN")
    reader.execute(stored).fetchall()
    began = time.monotonic()
    done = suite.ctl("user", "purge", "bob@localhost")
    assert done.returncode == 75 and "repeat it" in done.stderr
    assert time.monotonic() - began < 1.5  # nobody waits for the reader
    assert suite.ctl("user", "purge", "bob@localhost").returncode == 75
    reader.close()
    assert suite.ctl("user", "purge", "bob@localhost").returncode == 5  # there was nothing left but that
    assert not [file for file in (suite.home / "state/routerd").iterdir() if b"a-word-to-be-purged" in file.read_bytes()]


def test_a_stopped_server_is_backed_up_too(backed, copy):
    assert backed.stop() == 0
    assert backed.ctl("backup", backed.dir / "second").returncode == 0
    backed.spawn()  # nothing of root's was left beside the stores
    backed.log.wait(r"^bulkhead: ready")
    assert len(backed.rows("user", "list")) == 2
    assert backed.stop() == 0
    done = backed.ctl("--json", "restore", backed.dir / "second")
    assert done.returncode == 0, done.stderr
    files = {file.name for file in (backed.home / "state").glob("*/*.db*")}
    assert files == set(FILES)
