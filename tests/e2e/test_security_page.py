"""doc/security.md: what each process may do, as the processes themselves say it."""
import os

from suite import BIN, ROOT, run

PAGE = ROOT / "doc/security.md"
DAEMONS = ["c2sd", "s2sd", "routerd", "authd", "dirsyncd", "keyd", "snmp", "metrics"]
BEGIN, END = "<!-- profiles: written by tests/e2e/test_security_page.py -->\n", "<!-- end -->"
EVERYBODY = "what every daemon does"


class Profile:
    """What -P prints: "name: value" lines, and below each group of calls its calls."""

    def __init__(self, daemon):
        done = run(BIN / f"bulkhead-{daemon}", "-P")
        assert done.returncode == 0 and done.stderr == ""
        self.values, self.groups = {}, {}
        for line in done.stdout.splitlines():
            if line.startswith("  "):
                calls.append(line.strip())
                continue
            name, _, value = line.partition(":")
            if name in ("may", "with directories", "with Kerberos"):
                calls = self.groups.setdefault((name, value.strip()), [])
            else:
                self.values[name] = value.strip()

    def calls(self, *kinds):
        """Names of system calls."""
        return {call.split()[0] for (kind, _), calls in self.groups.items() if kind in kinds
                for call in calls if not call.endswith(" refused")}

    def sockets(self):
        return sorted({call.split("(")[1].split()[0] for (kind, _), calls in self.groups.items()
                       for call in calls if call.startswith("socket (") and not call.endswith(" refused")})


def listed(values):
    return ", ".join(f"`{value}`" for value in values.split()) or "nothing"


def does(profile):
    said = [name for (kind, name) in profile.groups if kind == "may" and name != EVERYBODY]
    for condition in ("with directories", "with Kerberos"):
        more = [name for (kind, name) in profile.groups if kind == condition]
        if more:
            said.append(f"{condition}: {', '.join(more)}")
    return "; ".join(said)


def numbers(profile):
    base, all_of_it = profile.calls("may"), profile.calls("may", "with directories", "with Kerberos")
    return str(len(base)) if base == all_of_it else f"{len(base)}, {len(all_of_it)} with directories"


COLUMNS = {
    "accepts": "takes connections of the sockets that it was started with",
    "joins": "connects to sockets in the file system",
    "threads": "has threads",
    "keeps files": "keeps files",
    "TCP out": "makes TCP connections",
    "UDP": "asks name servers",
}


def cell(profile, name):
    kinds = {kind for (kind, group) in profile.groups if group == name}
    return "yes" if "may" in kinds else "with directories" if kinds else "–"


def matrix(profiles):
    rows = [[f"**{daemon}**", *(cell(p, name) for name in COLUMNS.values()), numbers(p)] for daemon, p in profiles.items()]
    rows = [["", *COLUMNS, "calls"], ["---"] * (len(COLUMNS) + 2), *rows]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def reads(p):
    more = [f"; {kind}: {listed(p.values[f'reads {kind}'])}" for kind in ("with directories", "with Kerberos")
            if f"reads {kind}" in p.values]
    return listed(p.values["reads"]) + "".join(more)


def section(daemon, p):
    group = "" if p.values["group"] == "-" else f", in the group `{p.values['group']}`"
    return (f"**{daemon}** {p.values['job']}. User `{p.values['user']}`{group}; memory {p.values['memory'].replace('-', 'as usual')}.\n"
            f"- *It may:* {does(p)}.\n"
            f"- *Reads* {reads(p)}. *Writes* {listed(p.values['writes'])}. *Makes sockets* {listed(' '.join(p.sockets()))}.\n"
            f"- *Holds* {p.values['holds']}.\n"
            f"- *Taken over, it can* {p.values['taken']}.\n\n")


def written():
    profiles = {daemon: Profile(daemon) for daemon in DAEMONS}
    return matrix(profiles) + "\n" + "".join(section(daemon, p) for daemon, p in profiles.items())


def test_s28_the_page_says_what_the_profiles_say():
    """BULKHEAD_WRITE_DOCUMENTS=1 writes it anew."""
    before, rest = PAGE.read_text().split(BEGIN)
    table, after = rest.split(END)
    made = written()
    if os.environ.get("BULKHEAD_WRITE_DOCUMENTS"):
        PAGE.write_text(before + BEGIN + made + END + after)
    else:
        assert table == made


def test_s28_nobody_may_do_what_takes_a_process_over_for_good():
    for daemon in DAEMONS:
        p = Profile(daemon)
        may = p.calls("may", "with directories", "with Kerberos")
        assert not may & {"execve", "execveat", "fork", "vfork", "clone3", "ptrace", "process_vm_readv", "kill", "bpf", "prctl",
                          "memfd_create", "io_uring_setup", "unshare", "setns", "mount", "pidfd_getfd", "userfaultfd", "seccomp"}
        everything = [call for calls in p.groups.values() for call in calls]
        assert "mmap (without PROT_EXEC)" in everything and "mmap" not in everything
        assert "clone" not in everything and "socket" not in everything and "ioctl" not in everything
