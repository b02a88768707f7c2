"""MIT Kerberos' KDC as an ordinary process: the realm EXAMPLE.TEST.

    kdc   one that runs
"""
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from suite import free_port

REALM = "EXAMPLE.TEST"

KRB5_CONF = """
[libdefaults]
	default_realm = {realm}
	dns_lookup_kdc = false
	dns_lookup_realm = false
	dns_canonicalize_hostname = {canonicalize}
	rdns = {canonicalize}
[realms]
	{realm} = {{
		kdc = 127.0.0.1:{port}
	}}
"""

KDC_CONF = """
[kdcdefaults]
	kdc_listen = 127.0.0.1:{port}
	kdc_tcp_listen = 127.0.0.1:{port}
[realms]
	{realm} = {{
		database_name = {dir}/principal
		key_stash_file = {dir}/stash
		acl_file = {dir}/acl
		max_life = 1h
	}}
[logging]
	kdc = FILE:{dir}/log
"""


class Kdc:
    def __init__(self, realm=REALM):
        self.dir, self.realm = Path(tempfile.mkdtemp(prefix="bh-kdc-")), realm
        self.dir.chmod(0o755)
        self.port, self.process, self.tickets, self.services = free_port(), None, 0, set()
        # What a machine has that was set up without thinking of us: names are looked up in the DNS.
        self.machine = self.write("krb5.conf", KRB5_CONF, canonicalize="true")
        # What a client of the tests has: "localhost" is not to become another name.
        self.config = self.write("client.conf", KRB5_CONF, canonicalize="false")
        self.write("kdc.conf", KDC_CONF)
        (self.dir / "acl").touch()
        self.env = {**os.environ, "KRB5_CONFIG": str(self.config),
                    "KRB5_KDC_PROFILE": str(self.dir / "kdc.conf")}
        self.run("/usr/sbin/kdb5_util", "create", "-s", "-r", realm, "-P", "master")

    def write(self, name, text, **more):
        file = self.dir / name
        file.write_text(text.format(dir=self.dir, realm=self.realm, port=self.port, **more))
        return file

    def run(self, *command, input=None, env=None):
        done = subprocess.run(list(map(str, command)), env={**self.env, **(env or {})}, input=input, text=True,
                              capture_output=True)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout

    def start(self):
        self.process = subprocess.Popen(["/usr/sbin/krb5kdc", "-n", "-r", self.realm, "-P", self.dir / "pid"],
                                        env=self.env, stdin=subprocess.DEVNULL)
        until = time.monotonic() + 20
        while not (self.dir / "pid").exists():  # written when it listens
            assert self.process.poll() is None and time.monotonic() < until
            time.sleep(0.02)
        return self

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
            (self.dir / "pid").unlink(missing_ok=True)
        self.process = None

    def admin(self, *query):
        return self.run("/usr/sbin/kadmin.local", "-r", self.realm, *query)

    def user(self, name, password="secret-1"):
        self.admin("addprinc", "-pw", password, name)
        return self

    def keytab(self, name, *principals):
        """A file with fresh keys of those, which are made if need be."""
        file = self.dir / name
        for principal in principals:
            if principal not in self.services:
                self.admin("addprinc", "-randkey", principal)
            self.services.add(principal)
            self.admin("ktadd", "-k", file, principal)
        file.chmod(0o644)  # the daemons' own users read it
        return file

    def log_in(self, name, password="secret-1"):
        """kinit: the environment of somebody who has a ticket."""
        self.tickets += 1
        env = {"KRB5CCNAME": f"FILE:{self.dir}/tickets-{self.tickets}"}
        self.run("kinit", name, input=password + "\n", env=env)
        return {**self.env, **env}

    def tolerate(self, monkeypatch):
        """LeakSanitizer is not to count what libgssglue keeps once and for all, and libkrb5 where a keytab is useless."""
        leaks = self.write("leaks", "leak:libgssapi_krb5.so\nleak:libkrb5.so\n")
        monkeypatch.setenv("LSAN_OPTIONS", f"suppressions={leaks}")

    def remove(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)


@pytest.fixture
def kdc():
    server = Kdc()
    try:
        yield server.start()
    finally:
        server.remove()
