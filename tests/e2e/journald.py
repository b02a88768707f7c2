"""A journald of a test's own, in a mount namespace of its own (root only), and what it has got."""
import json
import subprocess
from pathlib import Path

from suite import PATIENCE, eventually

JOURNALD = "/lib/systemd/systemd-journald"
MOUNTS = """set -e
for d in /run/systemd /run/log /var/log; do mkdir -p $d; mount -t tmpfs none $d; done
mkdir -p /run/systemd/journal
exec %s""" % JOURNALD
# As systemd starts a service: standard error is a stream to journald, and the environment says so.
ON_STREAM = """import os, sys
from systemd import journal
stream = journal.stream('on-stderr', level_prefix=True)
os.dup2(stream.fileno(), 2)
st = os.fstat(2)
os.environ['JOURNAL_STREAM'] = f'{st.st_dev}:{st.st_ino}'
os.execv(sys.argv[1], sys.argv[1:])"""


class Journal:
    def __init__(self):
        self.process = subprocess.Popen(["unshare", "--mount", "--propagation", "private", "sh", "-c", MOUNTS],
                                        stdin=subprocess.DEVNULL)
        self.root = Path(f"/proc/{self.process.pid}/root")
        eventually((self.root / "run/systemd/journal/socket").exists, "journald's socket")
        eventually((self.root / "run/systemd/journal/stdout").exists, "journald's socket for streams")

    @property
    def inside(self):
        """Words before a command that run it where this journald is."""
        return ["nsenter", f"--mount=/proc/{self.process.pid}/ns/mnt"]

    @property
    def as_service(self):
        """The same, with standard error on a stream to journald."""
        return [*self.inside, "/usr/bin/python3", "-c", ON_STREAM]

    def run(self, *command):
        return subprocess.run([*self.inside, *map(str, command)], capture_output=True, text=True, check=False,
                              timeout=PATIENCE)

    def entries(self, *matches):
        done = self.run("journalctl", "--quiet", "--no-pager", "-o", "json", "--all", *matches)
        assert done.returncode == 0 or not done.stdout, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def wait(self, *matches):
        """The first entry with these fields."""
        return eventually(lambda: self.entries(*matches), f"{matches} in the journal")[0]

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
