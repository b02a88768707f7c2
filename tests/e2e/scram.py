"""SASL by hand, so that a test can do each step wrongly on purpose."""
import base64
import hashlib
import hmac
import os


def b64(data):
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def plain(user, password, authzid=""):
    return b64(f"{authzid}\0{user}\0{password}")


class Scram:
    """One exchange as the client.  binding: the tls-exporter bytes for -PLUS mechanisms.

    gs2 overrides the header ("y,," says: I could bind, but you do not offer it)."""

    def __init__(self, mechanism, user, password, binding=None, gs2=None, authzid=""):
        self.hash = "sha256" if "256" in mechanism else "sha1"
        self.user, self.password = user, password
        plus = mechanism.endswith("-PLUS")
        who = f"a={authzid}" if authzid else ""
        self.gs2 = gs2 or (f"p=tls-exporter,{who}," if plus else f"n,{who},")
        self.binding = binding if plus else b""
        self.nonce = b64(os.urandom(18))

    def first(self):
        name = self.user.replace("=", "=3D").replace(",", "=2C")
        self.bare = f"n={name},r={self.nonce}"
        return b64(self.gs2 + self.bare)

    def final(self, challenge):
        server_first = base64.b64decode(challenge).decode()
        self.fields = dict(part.split("=", 1) for part in server_first.split(","))
        assert self.fields["r"].startswith(self.nonce) and self.fields["r"] != self.nonce
        self.iterations = int(self.fields["i"])
        salted = hashlib.pbkdf2_hmac(self.hash, self.password.encode(),
                                     base64.b64decode(self.fields["s"]), self.iterations)
        bare = f"c={b64(self.gs2.encode() + (self.binding or b''))},r={self.fields['r']}"
        message = ",".join((self.bare, server_first, bare)).encode()
        client_key = self.mac(salted, b"Client Key")
        stored_key = hashlib.new(self.hash, client_key).digest()
        signature = self.mac(stored_key, message)
        self.server = self.mac(self.mac(salted, b"Server Key"), message)
        proof = bytes(a ^ b for a, b in zip(client_key, signature))
        return b64(f"{bare},p={b64(proof)}")

    def mac(self, key, message):
        return hmac.new(key, message, self.hash).digest()

    def check(self, success):
        """The server proved that it knows the password too."""
        assert base64.b64decode(success).decode() == "v=" + b64(self.server)
