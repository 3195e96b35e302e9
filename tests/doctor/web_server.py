"""A site on this machine that answers as a test wants, over TLS with a certificate that the test describes."""

import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

SECONDS = 10
"""After which a server lets go of a client that says nothing."""


@dataclass
class Site:
    """`answers` are status and headers by method; any other method gets 404. `requests` are those that came."""

    url: str = ""
    body: str = "ok\n"
    answers: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def site(certificate: Path | None = None) -> Iterator[Site]:
    """One that runs; with TLS where a certificate and its key are given."""
    shown = Site(answers={"GET": (200, {})})

    class Handler(BaseHTTPRequestHandler):
        timeout = SECONDS

        def answer(self) -> None:
            shown.requests.append((self.command, self.path))
            status, headers = shown.answers.get(self.command, (404, {}))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(shown.body.encode())

        do_GET = do_POST = answer

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A client that does not trust us goes away: nothing to tell."""

        def finish_request(self, request, client_address) -> None:
            if certificate:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(certificate)
                request.settimeout(SECONDS)
                request = context.wrap_socket(request, server_side=True)
            super().finish_request(request, client_address)

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    shown.url = f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}"
    try:
        yield shown
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@cache
def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def _sign(subject: str, issuer: str, days: tuple[float, float], host: str | None) -> x509.Certificate:
    now = datetime.now(UTC)
    key = _key().public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
    )
    if host:
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(_key(), hashes.SHA256())


def authority(folder: Path) -> Path:
    """The certificate of the authority that signs the others."""
    path = folder / "authority.pem"
    path.write_bytes(
        _sign("authority", "authority", (-10, 10), None).public_bytes(serialization.Encoding.PEM)
    )
    return path


def certificate(
    folder: Path,
    *,
    days: tuple[float, float] = (-1, 90.5),
    host: str = "127.0.0.1",
    issuer: str = "authority",
) -> Path:
    """A certificate for a host with its key, valid from and to so many days from now. `issuer` may be itself."""
    path = folder / "server.pem"
    private = _key().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    signed = _sign("server", issuer, days, host)
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path
