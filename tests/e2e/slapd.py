"""OpenLDAP's slapd as an ordinary process: dc=example, with people below ou=people.

    slapd        one that runs, empty but for the tree
    make_slapd   makes them
"""
import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

import certificates
from suite import Log, free_port

BASE = "dc=example"
PEOPLE = f"ou=people,{BASE}"
ADMIN, ADMIN_PASSWORD = f"cn=admin,{BASE}", "admin-1"
READER, READER_PASSWORD = f"cn=bulkhead,{BASE}", "reader-1"

CONFIG = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
# RFC 3112 has a syntax of its own for it, which Debian's slapd does not know.
attributetype ( 1.3.6.1.4.1.4203.1.3.4 NAME 'authPassword' EQUALITY caseExactIA5Match \
    SYNTAX 1.3.6.1.4.1.1466.115.121.1.26 )
objectclass ( 1.3.6.1.4.1.4203.1.4.7 NAME 'authPasswordObject' SUP top AUXILIARY MAY authPassword )
pidfile {dir}/pid
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload syncprov
moduleload ppolicy
moduleload memberof
TLSCACertificateFile {authority}
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}
sizelimit 500
disallow bind_anon
access to attrs=userPassword,authPassword by dn.exact="{reader}" write by anonymous auth by * none
access to * by dn.exact="{reader}" read by self read by anonymous auth by * none
database mdb
maxsize 1073741824
suffix "{base}"
rootdn "{admin}"
rootpw {admin_password}
limits dn.exact="{reader}" {limits}
directory {dir}/data
dbnosync
index objectClass,uid,entryUUID,entryCSN eq
overlay syncprov
syncprov-sessionlog 1000
overlay memberof
overlay ppolicy
ppolicy_default "cn=policy,{base}"
ppolicy_use_lockout
"""

# Who is bulkhead@REALM is the entry that reads.
KERBEROS = """
sasl-host 127.0.0.1
sasl-realm {realm}
authz-regexp "uid=bulkhead(,cn=[^,]*)?,cn=gssapi,cn=auth" "{reader}"
"""

TREE = f"""
dn: {BASE}
objectClass: domain
dc: example

dn: {PEOPLE}
objectClass: organizationalUnit
ou: people

dn: ou=groups,{BASE}
objectClass: organizationalUnit
ou: groups

dn: {READER}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: bulkhead
userPassword: {READER_PASSWORD}

dn: cn=policy,{BASE}
objectClass: device
objectClass: pwdPolicy
cn: policy
pwdAttribute: userPassword
pwdLockout: TRUE
pwdMaxFailure: 3
pwdMustChange: TRUE
pwdSafeModify: FALSE
"""


LOADED = {}  # what is left out of the configuration -> the database with the tree that goes with it


def tlv(tag, value):
    """BER, of short values."""
    assert len(value) < 128
    return bytes([tag, len(value)]) + value


def escape_dn(value):
    """RFC 4514."""
    return "".join(f"\\{c}" if c in ',+"\\<>;=#' else c for c in value)


class Slapd:
    """leave_out: lines of the configuration and entries of the tree that contain one of these words are left out;
    limits: of what the reader is told; kdc: it has a key there, ldap/127.0.0.1, and takes tickets."""

    administrator, patience, env = ADMIN, 20, None

    def __init__(self, names=("127.0.0.1",), tls_days=30, leave_out=(), limits="size=unlimited", kdc=None):
        import ipaddress
        from cryptography import x509
        self.dir = Path(tempfile.mkdtemp(prefix="bh-slapd-"))
        self.dir.chmod(0o755)
        (self.dir / "data").mkdir()
        self.authority = certificates.Authority(self.dir / "ca")
        alternatives = [x509.IPAddress(ipaddress.ip_address(n)) if n[0].isdigit() else x509.DNSName(n)
                        for n in names]
        self.certificate, self.key = self.authority.server("slapd", alternatives, days=tls_days)
        self.port, self.tls_port = free_port(), free_port()
        self.process = None
        if kdc is not None:
            self.env = {**kdc.env, "KRB5_KTNAME": str(kdc.keytab("ldap.keytab", "ldap/127.0.0.1"))}
        kerberos = KERBEROS.format(realm=kdc.realm, reader=READER) if kdc else ""
        config = CONFIG.replace("\ndatabase mdb", f"{kerberos}\ndatabase mdb").format(
            dir=self.dir, authority=self.authority.file, certificate=self.certificate, key=self.key,
            reader=READER, base=BASE, admin=ADMIN, admin_password=ADMIN_PASSWORD,
            limits=limits)
        def wanted(text):
            return not any(word in text for word in leave_out)
        (self.dir / "slapd.conf").write_text("".join(filter(wanted, config.splitlines(True))))
        self.reader_password = self.dir / "reader"
        self.reader_password.write_text(READER_PASSWORD + "\n")
        self.begin("\n\n".join(filter(wanted, TREE.split("\n\n"))), leave_out)

    def begin(self, tree, leave_out):
        """With that tree; it is loaded once, since they are many who begin so."""
        database, how = self.dir / "data/data.mdb", tuple(leave_out)
        if how in LOADED:
            database.write_bytes(LOADED[how])
        else:
            self.load(tree)
            with database.open("rb") as file:  # of one GB, nearly all of it a hole
                LOADED[how] = file.read(database.stat().st_blocks * 512)

    def load(self, ldif):
        """Before it runs."""
        subprocess.run(["/usr/sbin/slapadd", "-q", "-f", self.dir / "slapd.conf"], input=ldif,
                       text=True, check=True, capture_output=True)

    def fill(self, n, **more):
        """user0, user1, ...; before it runs."""
        self.load("".join(self.person(f"user{i}", **more) for i in range(n)))
        return self

    def command(self):
        return ["/usr/sbin/slapd", "-d", "none", "-f", self.dir / "slapd.conf", "-h",
                f"ldap://127.0.0.1:{self.port} ldaps://127.0.0.1:{self.tls_port}"]

    def start(self):
        self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, env=self.env)
        self.log = Log(self.process.stdout)
        until = time.monotonic() + self.patience
        while not self.answers():
            assert self.process.poll() is None and time.monotonic() < until, self.log.text()
            time.sleep(0.02)
        return self

    def answers(self):
        """Whether the administrator can log in: by hand, since a process for each try is most of the work."""
        bind = tlv(0x02, b"\1") + tlv(0x60, tlv(0x02, b"\3") + tlv(0x04, self.administrator.encode())
                                      + tlv(0x80, ADMIN_PASSWORD.encode()))
        with contextlib.suppress(ConnectionError), socket.create_connection(("127.0.0.1", self.port)) as ldap:
            ldap.settimeout(self.patience)
            ldap.sendall(tlv(0x30, bind))
            return tlv(0x0a, b"\0") in ldap.recv(1024)
        return False

    def tool(self, name, *arguments, input=None, check=True):
        """ldapadd and its kin, as the administrator."""
        return subprocess.run(
            [name, "-x", "-H", f"ldap://127.0.0.1:{self.port}", "-D", self.administrator, "-w", ADMIN_PASSWORD,
             *map(str, arguments)], input=input, text=True, capture_output=True, check=check)

    def person_dn(self, uid, below=PEOPLE):
        return f"uid={escape_dn(uid)},{below}"

    def person(self, uid, password="secret-1", below=PEOPLE, **more):
        import base64
        lines = [f"dn:: {base64.b64encode(self.person_dn(uid, below).encode()).decode()}",
                 "objectClass: inetOrgPerson", f"cn: {uid}", f"sn: {uid}",
                 f"uid:: {base64.b64encode(uid.encode()).decode()}", f"userPassword: {password}"]
        return "\n".join(lines + [f"{name}: {value}" for name, value in more.items()]) + "\n\n"

    def add(self, uid, password="secret-1", **more):
        self.tool("ldapadd", input=self.person(uid, password, **more))
        return self

    def modify(self, uid, changes):
        """changes: as in LDIF: "replace: cn\\ncn: x"."""
        self.tool("ldapmodify", "-e", "relax", input=f"dn: {self.person_dn(uid)}\nchangetype: modify\n{changes}\n")

    def delete(self, uid):
        self.tool("ldapdelete", self.person_dn(uid))

    def settings(self, domain="localhost", **more):
        """For a suite."""
        values = {"servers": [f"ldaps://127.0.0.1:{self.tls_port}"], "ca": self.authority.file,
                  "bind_dn": READER, "bind_password": self.reader_password, "base": PEOPLE, **more}
        return {f'domain "{domain}".directory': "main",
                **{f'directory "main".{name}': value if isinstance(value, list) else str(value)
                   for name, value in values.items()}}

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
        self.process = None

    def dump(self):
        """All of it, as slapadd takes it."""
        return subprocess.run(["/usr/sbin/slapcat", "-f", self.dir / "slapd.conf"], text=True, check=True,
                              capture_output=True).stdout

    def restore(self, ldif):
        """A database that holds that, and nothing else."""
        self.stop()
        for file in (self.dir / "data").iterdir():
            file.unlink()
        self.load(ldif)
        return self.start()

    @contextlib.contextmanager
    def unseen(self):
        """Where nobody finds it, who knows it: then it is back, and remembers no deletions."""
        ports = self.port, self.tls_port
        self.stop()
        self.port, self.tls_port = free_port(), free_port()
        self.start()
        yield
        self.stop()
        self.port, self.tls_port = ports
        self.start()

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def remove(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)


@pytest.fixture
def make_slapd():
    made = []

    def make(**how):
        made.append(Slapd(**how))
        return made[-1]
    yield make
    for server in made:
        server.remove()


@pytest.fixture
def slapd(make_slapd):
    return make_slapd().start()
