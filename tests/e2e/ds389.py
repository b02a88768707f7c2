"""389 Directory Server as an ordinary process: dc=example, with people below ou=people, groups below ou=groups.

    ds389    one for all tests of a module: it takes some seconds to start

It synchronises by its own Content Synchronization plugin, and tells who is in which group by MemberOf.
"""
import base64
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

import certificates
import slapd
from slapd import ADMIN_PASSWORD, BASE, PEOPLE, READER, READER_PASSWORD
from suite import free_port

SERVER = "/usr/sbin/ns-slapd"
DATA = Path("/usr/share/dirsrv/data")
MANAGER = "cn=Directory Manager"
PLUGINS = ("Retro Changelog Plugin", "Content Synchronization", "MemberOf Plugin")
FOLDERS = ("db", "lock", "log", "run", "ldif", "bak")
GROUPS = f"ou=groups,{BASE}"

TREE = f"""
dn: {BASE}
objectClass: domain
dc: example
aci: (targetattr = "*")(version 3.0; acl "bulkhead"; allow (read, search, compare) userdn = "ldap:///{READER}";)

dn: {PEOPLE}
objectClass: organizationalUnit
ou: people

dn: {GROUPS}
objectClass: organizationalUnit
ou: groups

dn: {READER}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: bulkhead
userPassword: {READER_PASSWORD}
"""


def hashed(password):
    """As the server stores it."""
    salt = os.urandom(24)
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 10000)
    return "{PBKDF2-SHA512}10000$" + "$".join(base64.b64encode(part).decode() for part in (salt, key))


class Ds389(slapd.Slapd):
    administrator, patience = MANAGER, 60

    def __init__(self):
        self.dir = Path(tempfile.mkdtemp(prefix="bh-ds389-"))
        self.dir.chmod(0o755)
        self.port, self.tls_port = free_port(), free_port()
        self.process = None
        self.reader_password = self.dir / "reader"
        self.reader_password.write_text(READER_PASSWORD + "\n")
        for name in ("config", "config/schema", *FOLDERS):
            (self.dir / name).mkdir()
        for name in ("certmap.conf", "slapd-collations.conf"):
            shutil.copy(Path("/etc/dirsrv/config") / name, self.dir / "config")
        shutil.copy("/etc/dirsrv/schema/99user.ldif", self.dir / "config/schema")
        self.make_certificate()
        (self.dir / "config/dse.ldif").write_text(self.configuration())

    def configuration(self):
        """The template of the package, as dscreate fills it in."""
        config = self.dir / "config"
        values = {f"{name}_dir": self.dir / name for name in FOLDERS}
        values |= {"config_dir": config, "cert_dir": config, "schema_dir": config / "schema", "tmp_dir": "/tmp", "inst_dir": self.dir, "fqdn": "localhost",
                   "ds_port": self.port, "ds_user": "root", "rootdn": MANAGER, "ds_passwd": hashed(ADMIN_PASSWORD),
                   "ldapi_enabled": "off", "ldapi": self.dir / "ldapi", "ldapi_autobind": "off", "ds_suffix": BASE,
                   "ds_bename": "userRoot", "db_home_dir": self.dir / "db", "db_lib": "bdb"}
        text = (DATA / "template-dse.ldif").read_text() + "\n" + (DATA / "template-suffix-db.ldif").read_text()
        for name, value in values.items():
            text = text.replace(f"%{name}%", str(value))
        text = re.sub(r"(?m)^#.*\n", "", text)  # in such a place the server takes a comment for an entry
        entries = re.split(r"\n\n+", text)
        for n, entry in enumerate(entries):
            if any(f"dn: cn={plugin}," in entry for plugin in PLUGINS):
                entries[n] = entry.replace("pluginenabled: off", "pluginenabled: on")
            if "dn: cn=Retro Changelog Plugin," in entry:  # else nothing is told of what happened while nobody listened
                entries[n] += "\nnsslapd-attribute: nsuniqueid:targetUniqueId"
        entries[0] += (f"\nnsslapd-security: on\nnsslapd-securePort: {self.tls_port}\nnsslapd-listenhost: 127.0.0.1\n"
                       "nsslapd-securelistenhost: 127.0.0.1\nnsslapd-allow-unauthenticated-binds: off")
        return "\n\n".join(entries) + "\n"

    def make_certificate(self):
        import ipaddress
        self.authority = certificates.Authority(self.dir / "ca")
        certificate, key = self.authority.server("ds389", [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        bundle = self.dir / "server.p12"
        bundle.write_bytes(pkcs12.serialize_key_and_certificates(
            b"Server-Cert", serialization.load_pem_private_key(key.read_bytes(), None),
            x509.load_pem_x509_certificate(certificate.read_bytes()), None, serialization.BestAvailableEncryption(b"x")))
        database = f"sql:{self.dir}/config"
        for command in (["certutil", "-N", "-d", database, "--empty-password"],
                        ["pk12util", "-i", bundle, "-d", database, "-W", "x", "-K", ""],
                        ["certutil", "-A", "-d", database, "-n", "ca", "-t", "CT,,", "-i", self.authority.file]):
            subprocess.run(command, check=True, capture_output=True)

    def command(self):
        return [SERVER, "-D", self.dir / "config", "-i", self.dir / "run/pid", "-d", "0"]

    def modify(self, uid, changes):
        self.tool("ldapmodify", input=f"dn: {self.person_dn(uid)}\nchangetype: modify\n{changes}\n")

    def lock(self, uid):
        self.modify(uid, "replace: nsAccountLock\nnsAccountLock: true")

    def unlock(self, uid):
        self.modify(uid, "delete: nsAccountLock")

    def settings(self, domain="localhost", **more):
        return super().settings(domain, schema="389ds", **more)

    def clear(self):
        """Nobody is left in it."""
        for base in (PEOPLE, GROUPS):
            found = self.tool("ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-b", base, "-s", "one", "dn").stdout
            for line in found.splitlines():
                if line.startswith("dn: "):
                    self.tool("ldapdelete", line[4:])


@pytest.fixture(scope="module")
def running_ds389():
    server = Ds389()
    try:
        server.start().tool("ldapadd", input=TREE)
        yield server
    finally:
        server.kill()  # it would take seconds to end well
        server.remove()


@pytest.fixture
def ds389(running_ds389):
    yield running_ds389
    running_ds389.clear()
