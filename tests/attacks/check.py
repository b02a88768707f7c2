#!/usr/bin/python3
"""The rows of rows.txt, each with its tests and how they went in this run of the check.

    tests/attacks/check.py LOGS

LOGS is where tools/check keeps what its parts said: unit.log of ctest -V, e2e.xml of pytest.  A test
called test_s4_... is one of row S4; those of other names, and those in C, stand in rows.txt.  A row
fails that has no test and waits for nothing, and one with a test that failed or did not run.
"""
import re
import sys
import xml.etree.ElementTree as ET
from collections import defaultdict
from pathlib import Path

ROWS = Path(__file__).with_name("rows.txt")
PASSED, FAILED = "passed", "FAILED"


class Row:
    """A line of rows.txt and those below it."""

    def __init__(self, name, title):
        self.name, self.title = name, title
        self.elsewhere, self.waits = [], []


def read_rows():
    rows = {}
    row = None
    for line in ROWS.read_text().splitlines():
        if line.startswith("\twaits for "):
            row.waits.append(line.strip())
        elif line.startswith("\t"):
            row.elsewhere.append(line.strip())
        elif line and not line.startswith("#"):
            row = Row(*line.split("\t"))
            assert row.name not in rows, f"{row.name} stands twice"
            rows[row.name] = row
    return rows


def e2e_results(path):
    """"test_x.py: test_name" -> the outcomes of all its parameters."""
    found = defaultdict(list)
    for case in ET.parse(path).iter("testcase"):
        file = case.get("classname").split(".")[-1] + ".py"
        bad = [c for c in case if c.tag in ("failure", "error", "skipped")]
        found[f"{file}: {case.get('name').split('[')[0]}"].append(FAILED if bad else PASSED)
    return found


def unit_results(path):
    """"test_x: function" -> its outcome; and "fuzz_x", a program as a whole."""
    found, programs = defaultdict(list), {}
    for line in path.read_text(errors="replace").splitlines():
        if start := re.match(r" +Start +(\d+): (\w+)", line):
            programs[start.group(1)] = start.group(2)
        elif said := re.match(r"(\d+): \[ +(OK|FAILED) +\] (\w+)$", line):
            test = f"{programs[said.group(1)]}: {said.group(3)}"
            found[test].append(PASSED if said.group(2) == "OK" else FAILED)
        elif end := re.match(r" *\d+/\d+ Test +#\d+: (\w+) \.+ *(\S+)", line):
            found[end.group(1)].append(PASSED if end.group(2) == "Passed" else FAILED)
    return found


def of_name(test):
    """The rows that its name says: S1 and S2 of test_s1_s2_..."""
    said = re.search(r": test_((?:[sir]\d+_)+)", test)
    return said.group(1).upper().strip("_").split("_") if said else []


def describe(test, outcomes):
    """A line of the list; how many of it passed and failed."""
    good = outcomes.count(PASSED)
    if not outcomes:
        return f"{test}: DID NOT RUN", 0, 1
    if good == len(outcomes):
        return f"{test}: passed" + (f" ({good})" if good > 1 else ""), good, 0
    return f"{test}: {FAILED} ({len(outcomes) - good} of {len(outcomes)})", good, len(outcomes) - good


def report(rows, results):
    """Prints all rows: what passed, and what is wrong."""
    passed, wrong = 0, []
    for row in rows.values():
        tests = sorted(set(row.elsewhere) | {t for t in results if row.name in of_name(t)})
        print(f"{row.name:4} {row.title}")
        if not tests and not row.waits:
            wrong.append(f"{row.name} has no test, and waits for nothing")
        for test in tests:
            line, good, bad = describe(test, results.get(test, []))
            passed += good
            if bad:
                wrong.append(f"{row.name}: {line}")
            print(f"         {line}")
        for reason in row.waits:
            print(f"         {reason}")
    unknown = sorted({t for t in results for name in of_name(t) if name not in rows})
    return passed, wrong + [f"{ROWS.name} has no row for {test}" for test in unknown]


def main():
    logs = Path(sys.argv[1])
    results = {**e2e_results(logs / "e2e.xml"), **unit_results(logs / "unit.log")}
    passed, wrong = report(read_rows(), results)
    for problem in wrong:
        print(problem)
    print(f"{passed} passed, {len(wrong)} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
