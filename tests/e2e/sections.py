"""The tests by the sections of RFCs and XEPs that they prove.

    python3 -m pytest --sections --collect-only tests/e2e

prints each section with its tests, and fails when a section of tests/sections.txt has none, or
when a test names a section that is not there.  Unit tests in C say it by a comment:
/* section: RFC 6121 A.2.1 */
"""
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]


def required():
    lines = (TESTS / "sections.txt").read_text().splitlines()
    return dict(line.split("\t") for line in lines if line and not line.startswith("#"))


def unit_tests():
    """section: the functions below its comment, in C."""
    found = {}
    for path in sorted((TESTS / "unit").glob("test_*.c")):
        for names, function in re.findall(
                r"/\* section: ([^*]+?) \*/\s*static void (\w+)\(", path.read_text()):
            for name in re.split(r",\s*", names):
                found.setdefault(name, set()).add(f"{path.name}: {function}")
    return found


def covers(section, name):
    """Is `name` that section, or inside it?  (RFC 6121 2.3.3 is inside RFC 6121 2.3.)"""
    return name == section or name.startswith((section + ".", section + " "))


def options(parser):
    parser.addoption("--sections", action="store_true",
                     help="print the tests by section, and what has none")


def collect(items):
    found = unit_tests()
    for item in items:
        for mark in item.iter_markers("section"):
            for name in mark.args:
                test = f"{item.path.name}: {item.function.__name__}"
                found.setdefault(name, set()).add(test)
    return found


def report(items):
    found, wanted = collect(items), required()
    missing = [s for s in wanted if not any(covers(s, name) for name in found)]
    unknown = [n for n in found if not any(covers(s, n) for s in wanted)]
    for section, what in wanted.items():
        tests = sorted({t for name, ts in found.items() if covers(section, name) for t in ts})
        print(f"{section:18} {what}: {len(tests)} test{'s' * (len(tests) != 1)}")
        for test in tests:
            print(f"{'':18}     {test}")
    for section in missing:
        print(f"no test for {section}: {wanted[section]}")
    for name in unknown:
        print(f"tests/sections.txt has no section \"{name}\": {sorted(found[name])}")
    print(f"{len(wanted) - len(missing)} passed, {len(missing) + len(unknown)} failed")
    if missing or unknown:
        raise pytest.UsageError("the sections are not all tested")
