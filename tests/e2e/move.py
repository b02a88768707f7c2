"""Accounts of other servers, as their own tools have written them (tests/e2e/moving), and what tests ask of an import."""
import json
from pathlib import Path

from suite import run, BIN

MOVING = Path(__file__).parent / "moving"
PROSODY, EJABBERD, DUMP = MOVING / "prosody", MOVING / "ejabberd", MOVING / "ejabberd.dump"
DOMAINS = ["localhost", "p.example", "e.example"]


def import_(suite, path, *more, code=0):
    """The summary's counts: (made, updated, unchanged, failed)."""
    done = run(BIN / "bulkheadctl", "-d", suite.home, "import", path, *more, timeout=300)
    assert done.returncode == code, done.stdout + done.stderr
    words = done.stdout.split(";")[-1].replace("there would be:", "").split(",")
    return tuple(int(w.split()[0]) for w in words), done


def report(suite, path, *more):
    """account -> (result, note)"""
    done = suite.ctl("--json", "import", path, *more)
    return {r["account"]: (r["result"], r["note"] or "") for r in json.loads(done.stdout)}


def document(suite, users, host="p.example", head=""):
    file = suite.dir / "import.xml"
    file.write_text(f"<?xml version='1.0' encoding='UTF-8'?>{head}<server-data xmlns='urn:xmpp:pie:0'>"
                    f"<host jid='{host}'>{users}</host></server-data>")
    return file


def export(suite, *arguments):
    done = run(BIN / "bulkheadctl", "-d", suite.home, "export", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def verdict(suite, raw, user, password, mechanism, domain):
    stream = raw(suite, domain=domain).open().starttls()
    if mechanism == "PLAIN":
        import scram
        stream.auth("PLAIN", scram.plain(user, password))
        return stream.next().tag.split("}")[1]
    return stream.scram(mechanism, user, password)
