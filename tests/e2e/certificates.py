"""Certificates for the tests: self-signed for a domain, a CA, and clients with an xmppAddr."""
import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID, ObjectIdentifier

XMPP_ADDR = ObjectIdentifier("1.3.6.1.5.5.7.8.5")
# An extension that says where the issuer's certificate is to be had.
ISSUER_ELSEWHERE = x509.AuthorityInformationAccess([x509.AccessDescription(
    AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier("http://ca.example/issuer.crt"))])


# A key of each kind that TLS has certificates for; RSA-PSS keys are in tests/unit/test_tls_signer.c.
KINDS = {
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "ed448": ed448.Ed448PrivateKey.generate,
}


def digest(key):
    """What it signs certificates with."""
    return None if isinstance(key, (ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey)) else hashes.SHA256()


def utf8_string(text):
    data = text.encode()
    assert len(data) < 128
    return b"\x0c" + bytes([len(data)]) + data


def name(common):
    if isinstance(common, x509.Name):
        return common
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def build(subject, key, issuer=None, issuer_key=None, alternatives=(), ca=False, days=30,
          purposes=None, serial=None, extensions=(), age=60):
    """Valid for so many days, and since so many."""
    now = datetime.datetime.utcnow()
    usage = purposes or [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    builder = (x509.CertificateBuilder().subject_name(name(subject))
               .issuer_name(issuer.subject if issuer else name(subject))
               .public_key(key.public_key()).serial_number(serial or x509.random_serial_number())
               .not_valid_before(now - datetime.timedelta(days=age))
               .not_valid_after(now + datetime.timedelta(days=days))
               .add_extension(x509.BasicConstraints(ca, None), True))
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), False)
    for extension in extensions:
        builder = builder.add_extension(extension, False)
    if not ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usage), False)
    return builder.sign(issuer_key or key, digest(issuer_key or key))


def save(folder, certificate, key):
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].touch(0o600)
    files[1].write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))
    return files


def write(folder, domain, days=30, kind="p256"):
    """Self-signed, for a domain."""
    key = KINDS[kind]()
    return save(folder, build(domain, key, alternatives=[x509.DNSName(domain)], days=days), key)


def fingerprint(file):
    """The SHA-256 of the first certificate of a file."""
    with open(file, "rb") as f:
        return x509.load_pem_x509_certificate(f.read()).fingerprint(hashes.SHA256()).hex()


class Authority:
    """A CA for client certificates."""

    def __init__(self, folder, subject="Test CA"):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.key = folder, ec.generate_private_key(ec.SECP256R1())
        identifier = x509.SubjectKeyIdentifier.from_public_key(self.key.public_key())
        self.certificate = build(subject, self.key, ca=True, extensions=[identifier])
        self.file = save(folder, self.certificate, self.key)[0]

    def client(self, *addresses, days=30):
        """(certificate, key) of somebody with these xmppAddrs."""
        folder = self.folder / ("client-" + "-".join(addresses) + str(days))
        folder.mkdir(exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.OtherName(XMPP_ADDR, utf8_string(a)) for a in addresses]
        return save(folder, build("somebody", key, self.certificate, self.key, names, days=days),
                    key)

    def holder(self, subject="somebody", names=(), extensions=(), **how):
        """(certificate, key) of somebody with that subject and those other names."""
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        folder = self.folder / f"holder-{len(list(self.folder.iterdir()))}"
        folder.mkdir()
        key = ec.generate_private_key(ec.SECP256R1())
        return save(folder, build(subject, key, self.certificate, self.key, names,
                                  extensions=[identifier, *extensions], **how), key)

    def server(self, domain, names=None, days=30, purposes=None, kind="p256", **how):
        """(certificate, key) of a server: for the domain as dNSName, or for those names."""
        folder = self.folder / f"server-{domain}-{len(list(self.folder.iterdir()))}"
        folder.mkdir()
        key = KINDS[kind]()
        names = [x509.DNSName(domain)] if names is None else names
        return save(folder, build(domain, key, self.certificate, self.key, names, days=days,
                                  purposes=purposes, **how), key)
