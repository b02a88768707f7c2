"""Net-SNMP's snmpd and snmptrapd as ordinary processes, and its command line tools.

    snmpd        one that runs, with a snmptrapd that gets its notifications (snmpd.traps)
    make_snmpd   makes them
"""
import glob
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from suite import AS_ROOT, PATIENCE, ROOT, Log, eventually, free_port

# Ours, and the modules that they build on: Debian has those with Erlang's.
MIB_FOLDERS = [ROOT / "etc/snmp", *glob.glob("/usr/lib/erlang/lib/snmp-*/mibs"), "/usr/share/snmp/mibs"]
MIBS = {"MIBS": "BULKHEAD-MIB:NETWORK-SERVICES-MIB", "MIBDIRS": ":".join(map(str, MIB_FOLDERS))}

CONFIG = """
rocommunity public 127.0.0.1
master agentx
agentXSocket unix:{dir}/agentx/master
agentXPerms {perms}
trap2sink 127.0.0.1:{traps} public
"""

STATUS = ["up", "down", "halted", "congested", "restarting", "quiescing"]


def environment(dir):
    # Not the folder with snmpd.conf: what it keeps of itself has that name, too.
    state = Path(dir) / "persistent"
    state.mkdir(exist_ok=True)
    return {**os.environ, **MIBS, "SNMP_PERSISTENT_DIR": str(state), "SNMPCONFPATH": str(dir)}


class Traps:
    """snmptrapd: a line for each notification."""

    def __init__(self, dir):
        self.dir, self.port = dir, free_port()
        (dir / "snmptrapd.conf").write_text("disableAuthorization yes\n")
        self.process = subprocess.Popen(
            ["/usr/sbin/snmptrapd", "-f", "-Lo", "-C", "-c", dir / "snmptrapd.conf", "-OS", "-F", "trap %v\n",
             f"udp:127.0.0.1:{self.port}"], env=environment(dir), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        self.log = Log(self.process.stdout)
        self.log.wait("NET-SNMP version")

    def wait(self, name, *parts, since=0):
        """The notification of that name in which all of these stand."""
        pattern = f"^trap .*BULKHEAD-MIB::{name}\\b" + "".join(f"(?=.*{re.escape(p)})" for p in parts)
        return self.log.wait(pattern, since=since)

    def named(self, since=0):
        """The names of all that came."""
        return [re.search(r"BULKHEAD-MIB::(bh\w+)", line).group(1)
                for line in self.log.find(r"^trap .*BULKHEAD-MIB::bh", since)]

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Snmpd:
    def __init__(self):
        self.dir = Path(tempfile.mkdtemp(prefix="bh-snmpd-"))
        self.dir.chmod(0o755)
        (self.dir / "agentx").mkdir()
        self.port = free_port()
        self.traps = Traps(self.dir)
        self.process = None

    @property
    def socket(self):
        return str(self.dir / "agentx/master")

    def settings(self, **more):
        """For a suite."""
        return {"snmp.agentx_socket": self.socket, **{f"snmp.{name}": value for name, value in more.items()}}

    def start(self):
        # The plugin's group may open the socket, and nobody else.
        perms = "0660 0755 root {}".format(pwd.getpwnam("bulkhead-snmp").pw_gid) if AS_ROOT else "0600 0700"
        (self.dir / "snmpd.conf").write_text(CONFIG.format(dir=self.dir, traps=self.traps.port, perms=perms))
        self.process = subprocess.Popen(
            ["/usr/sbin/snmpd", "-f", "-Lo", "-C", "-c", self.dir / "snmpd.conf", "-I", "-mta_sendmail",
             f"udp:127.0.0.1:{self.port}"],
            env={**environment(self.dir), "MIBS": ""}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace")
        self.log = Log(self.process.stdout)
        self.log.wait("NET-SNMP version")
        return self

    def kill(self):
        self.process.kill()
        self.process.wait()

    def tool(self, name, *arguments, check=True, timeout=3):
        done = subprocess.run(
            [name, "-v2c", "-c", "public", "-t", str(timeout), "-r", "1", *map(str, arguments)], env=environment(self.dir), capture_output=True, text=True, timeout=60)
        assert not check or done.returncode == 0, done.stderr
        return done.stdout

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def walk(self, what):
        """name.index -> value, as texts."""
        lines = self.tool("snmpwalk", "-Oqs", self.address, what).splitlines()
        return dict(line.split(" ", 1) for line in lines if " " in line and not line.startswith("No "))

    def get(self, *names):
        """The values of scalars."""
        lines = self.tool("snmpget", "-Oqs", self.address, *(f"BULKHEAD-MIB::{n}.0" for n in names)).splitlines()
        values = [line.split(" ", 1)[1] for line in lines]
        return values[0] if len(values) == 1 else values

    def number(self, name):
        return int(self.get(name).split()[0])

    def table(self, name):
        """The rows of a table, as snmptable prints them: dictionaries with "index"."""
        text = self.tool("snmptable", "-Ci", "-Cf", "|", self.address, name)
        lines = [line for line in text.splitlines() if line]
        if len(lines) < 2 or "no entries" in text:
            return []
        heading = lines[1].split("|")
        return [dict(zip(heading, line.split("|"))) for line in lines[2:]]

    def appl(self, name=None):
        """The rows of applTable by applName, or one of them."""
        rows = {row["applName"]: row for row in self.table("NETWORK-SERVICES-MIB::applTable")}
        return rows if name is None else rows.get(name)

    def wait_status(self, name, status, timeout=None):
        def check():
            row = self.appl(name)
            return row is not None and row["applOperStatus"] == status
        eventually(check, f"{name} being {status}", timeout)

    def wait_rows(self, *names, timeout=None):
        """Until all of these are up."""
        def check():
            rows = self.appl()
            return all(rows.get(name, {}).get("applOperStatus") == "up" for name in names)
        eventually(check, f"{names} being up", timeout or PATIENCE)

    def remove(self):
        if self.process is not None:
            self.kill()
        self.traps.stop()
        shutil.rmtree(self.dir, ignore_errors=True)


@pytest.fixture
def make_snmpd():
    made = []

    def make(**how):
        made.append(Snmpd(**how))
        return made[-1]
    yield make
    for one in made:
        one.remove()


@pytest.fixture
def snmpd(make_snmpd):
    return make_snmpd()
