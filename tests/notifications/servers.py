"""Real endpoints for the wires: mail servers and a webhook that answer as they are told."""

import asyncio
import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from notifications.channels import Channel, Channels

MAIL = "mailto://127.0.0.1:{port}?from=estafette%40localhost&to={{address}}&cto=1&rto=1"
HOOK = "json://127.0.0.1:{port}/hook?cto=1&rto=1"


def mail_at(port, patience=30.0):
    return Channels({"mail": Channel(url=SecretStr(MAIL.format(port=port)))}, patience)


def hook_at(port, more="", patience=30.0):
    url = SecretStr(HOOK.format(port=port) + more)
    return Channels({"hook": Channel(url=url, shared=True)}, patience)


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class _Answers:
    """A mail server's behaviour: what it says to a recipient, to the text, and after how long."""

    def __init__(self, rcpt, data, after, cut):
        self.rcpt, self.data, self.after, self.cut = rcpt, data, after, cut
        self.taken = []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if self.rcpt:
            return self.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        await asyncio.sleep(self.after)
        self.taken.append(envelope)
        if self.cut:
            server.transport.abort()
        return self.data


@contextmanager
def mail_server(rcpt="", data="250 OK", after=0.0, cut=False) -> Iterator[tuple[int, list]]:
    answers = _Answers(rcpt, data, after, cut)
    controller = Controller(answers, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield controller.port, answers.taken
    finally:
        controller.stop()


@contextmanager
def silent_server() -> Iterator[int]:
    """Takes the connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@contextmanager
def webhook(status=200, after=0.0, drip=0, cut=False) -> Iterator[tuple[int, list]]:
    taken = []

    class Hook(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_POST(self):
            text = self.rfile.read(int(self.headers["Content-Length"]))
            taken.append((dict(self.headers), text))
            time.sleep(after)
            with contextlib.suppress(OSError):  # the other side has left
                self.answer()

        def answer(self):
            for _ in range(drip):
                self.wfile.write(b"H")
                time.sleep(0.3)
            if not (cut or drip):
                self.send_response(status)
                self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/other")
                self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server.server_port, taken
    finally:
        server.shutdown()
        server.server_close()


# --- with TLS, and services with a shape of their own ---------------------------------------------


@dataclass(frozen=True)
class Authority:
    """Files: `root` is what to trust, `server` the server's key and certificate."""

    root: Path
    server: Path

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server)
        return context


def make_ca(folder: Path, name: str = "localhost") -> Authority:
    """A private authority, and a server's certificate it signed for `name` and 127.0.0.1."""
    folder.mkdir(parents=True, exist_ok=True)
    key, root = _key(), _named("Voorbeeld CA")
    ca = _certificate(root, root, key.public_key(), key, ca=True)
    own, subject = _key(), _named(name)
    leaf = _certificate(subject, root, own.public_key(), key, ca=False, names=(name,))
    authority = Authority(folder / "ca.pem", folder / "server.pem")
    authority.root.write_bytes(ca.public_bytes(Encoding.PEM))
    authority.server.write_bytes(_pem(own) + leaf.public_bytes(Encoding.PEM))
    return authority


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _certificate(subject, issuer, public, signer, *, ca, names=()):
    now = datetime.now(UTC)
    signs = signer.public_key()
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signs), critical=False)
        .add_extension(_uses(ca), critical=True)
    )
    if names:
        also = [x509.DNSName(name) for name in names]
        here = x509.IPAddress(ip_address("127.0.0.1"))
        made = made.add_extension(x509.SubjectAlternativeName([*also, here]), critical=False)
    return made.sign(signer, hashes.SHA256())


def _uses(ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca, key_cert_sign=ca, crl_sign=ca, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


@contextmanager
def safe_mail_server(authority: Authority, user: str, password: str) -> Iterator[tuple[int, list]]:
    """A mail server as an organisation has it: STARTTLS, and login before anything else."""
    answers = _Answers("", "250 OK", 0.0, False)

    def logs_in(server, session, envelope, mechanism, data):
        given = (data.login, data.password)
        # Not "handled": the server is to say 535 itself.
        return AuthResult(success=given == (user.encode(), password.encode()), handled=False)

    controller = Controller(
        answers, hostname="127.0.0.1", port=free_port(), tls_context=authority.context(),
        require_starttls=True, auth_required=True, authenticator=logs_in,
    )  # fmt: skip
    controller.start()
    try:
        yield controller.port, answers.taken
    finally:
        controller.stop()


@contextmanager
def receiver(
    status: int = 200, authority: Authority | None = None, answer: bytes = b"{}"
) -> Iterator[tuple[int, list]]:
    """Takes any POST, over TLS with an authority: its path, headers and text are kept."""
    taken = []

    class Receiver(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_POST(self):
            text = self.rfile.read(int(self.headers["Content-Length"]))
            taken.append((self.path, dict(self.headers), text))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(answer)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.handle_error = lambda *_: None  # a client that does not trust us hangs up
    if authority:
        server.socket = authority.context().wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server.server_port, taken
    finally:
        server.shutdown()
        server.server_close()
