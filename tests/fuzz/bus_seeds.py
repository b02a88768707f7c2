#!/usr/bin/python3
"""Writes seeds/bus anew from lib/bus/messages.def: each message once, and some that are none.

Whoever edits the table runs this; tests/e2e/test_fuzz_seeds.py says so when it was forgotten.
"""
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
import bus  # noqa: E402

TEXTS = {"domain": "example.org", "account": "a@example.org", "jid": "a@example.org/r", "from": "b@example.org/r",
         "to": "a@example.org", "mechanism": "PLAIN", "offered": "PLAIN SCRAM-SHA-256", "initial": "AGEAYg==",
         "address": "192.0.2.1:5222", "instance": "c2sd@1", "session": None}
STANZA = bus.envelope(to="a@example.org", id="id", inner="<body>x</body>")


def values(message):
    made = {}
    for n, (kind, field, most) in enumerate(message.fields):
        if kind == "TEXT":
            made[field] = TEXTS.get(field, "text"[:most])
        elif kind == "BLOB":
            made[field] = STANZA if field == "stanza" else b"\0" * min(most, 12)
        elif kind == "ID":
            made[field] = bytes(range(16))
        else:
            made[field] = n + 1
    return made


def seeds():
    """Name -> bytes: the first says which message."""
    made = {name.lower().replace("_", "-"): bytes([n]) + message.encode(values(message))
            for n, (name, message) in enumerate(bus.MESSAGES.items())}
    refuse = bytes([list(bus.MESSAGES).index("REFUSE")])
    made["no-text-that-is-no-utf-8"] = refuse + b"\0\0\0\5" + b"\0\0\0\2\xc3\x28"
    made["no-text-too-long"] = refuse + b"\0\0\0\5" + b"\0\0\1\1" + b"x" * 257
    made["no-text-longer-than-the-rest"] = refuse + b"\0\0\0\5" + b"\xff\xff\xff\xfe"
    made["no-message"] = bytes([len(bus.MESSAGES)])
    made["frame"] = bus.frame("HELD", upto=12)
    return made


if __name__ == "__main__":
    folder = HERE / "seeds/bus"
    for old in folder.iterdir():
        old.unlink()
    for name, data in seeds().items():
        (folder / name).write_bytes(data)
