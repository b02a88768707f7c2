"""The manual page of bulkheadctl, held against its table of commands."""
import re
import subprocess

import pytest

from suite import ROOT
from test_ctl_completion import table

PAGE = ROOT / "ctl/bulkheadctl.8"
NAMES = [name for name, _ in table() if name != "complete"]


@pytest.mark.parametrize("name", NAMES)
def test_a_command_stands_in_the_manual_with_its_options(name):
    entry = re.search(rf"^\.It Cm {re.escape(name)}(?: .*)?$", PAGE.read_text(), re.M)
    assert entry, f"bulkheadctl.8 has no {name}"
    usage = dict(table())[name]
    for option in re.findall(r"--([\w-]+)", re.search(r'\.args = "([^"]*)"', usage).group(1)):
        assert f"Fl Fl {option}" in entry.group(), option


def test_the_manual_has_no_command_that_there_is_not():
    page = PAGE.read_text()
    commands = page[page.index("The commands are:"):page.index(".Sh FILES")]
    found = set()
    for line in re.findall(r"^\.It Cm (.*)$", commands, re.M):
        found.add(" ".join(re.match(r"([a-z0-9]+(?: [a-z-]+)?)", line).group(1).split()))
    assert found == set(NAMES)


@pytest.mark.parametrize("page", sorted(ROOT.glob("*/*.8")), ids=lambda page: page.name)
def test_a_manual_page_is_good_mdoc(page):
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True, text=True, check=False)
    assert not re.search("WARNING|ERROR", done.stdout + done.stderr), done.stdout
