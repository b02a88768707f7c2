"""Rosters that are shared by groups of a directory: who sees whom, and what is pushed when that changes."""
import pytest

from directory_front import directory, make_directory  # noqa: F401 (fixtures)
from im import pushes, roster, settle

GROUPS = {"members": ["alice", "bob"], "everybody": ["alice", "bob"], "nobody": ["alice", "bob"]}


def items(stream):
    return {jid.split("@")[0]: (i.subscription, i.name, i.groups) for jid, i in roster(stream).items()}


def test_members_see_each_other(directory, raw):  # noqa: F811
    directory.put("Team", ["alice", "bob", "carol"])
    assert items(raw(directory.suite, "alice")) == {
        "bob": ("both", "Bob", ["Team"]), "carol": ("both", "Carol", ["Team"])}
    assert items(raw(directory.suite, "dave")) == {}
