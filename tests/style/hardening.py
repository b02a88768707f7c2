#!/usr/bin/python3
"""Fails where a program was linked without what makes an exploit of it harder.

    tests/style/hardening.py BUILD    every program of BUILD/bin that is installed, by checksec

Position independent, relocations read-only from the start, no executable stack, stack protector,
fortified calls, no library looked for in a path of its own.
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

WANTED = {"pie": "yes", "relro": "full", "nx": "yes", "canary": "yes", "fortify_source": "yes",
          "rpath": "no", "runpath": "no"}
BARE = ["-no-pie", "-fno-pie", "-fno-stack-protector", "-U_FORTIFY_SOURCE", "-Wl,-z,norelro",
        "-Wl,-z,execstack", "-Wl,-rpath,/tmp", "-Wl,--disable-new-dtags"]


def properties(program):
    said = subprocess.run(["checksec", f"--file={program}", "--output=json"], capture_output=True, text=True,
                          check=True).stdout
    return json.loads(said)[str(program)]


def breaches(program):
    found = properties(program)
    return [f"{program}: {name} is {found.get(name)}, not {value}" for name, value in WANTED.items()
            if found.get(name) != value]


def notices_what_is_bare():
    """A program that has none of it must not pass."""
    with tempfile.TemporaryDirectory() as directory:
        program = Path(directory) / "bare"
        subprocess.run(["gcc", *BARE, "-x", "c", "-o", program, "-"], input="int main(void) { return 0; }",
                       text=True, check=True, stderr=subprocess.DEVNULL)
        return [] if len(breaches(program)) >= len(WANTED) - 1 else ["a program without any of it passes"]


def main():
    build = Path(sys.argv[1] if len(sys.argv) > 1 else "build")
    checked = {"a program without any of it is noticed": notices_what_is_bare()}
    for program in sorted((build / "bin").glob("bulkhead*")):
        checked[f"{program.name} is hardened"] = breaches(program)
    broken = sum(bool(b) for b in checked.values())
    for name, said in checked.items():
        print(f"{'FAIL' if said else 'ok  '} {name}")
        print("".join(f"     {line}\n" for line in said), end="")
    print(f"{len(checked) - broken} passed, {broken} failed")
    return broken > 0 or len(checked) < 2


if __name__ == "__main__":
    sys.exit(main())
