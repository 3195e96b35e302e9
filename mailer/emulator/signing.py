"""The key that signs events, and the signature SendGrid's Event Webhook carries."""

import base64
import contextlib
import os
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from mailer.emulator.config import EmulatorError

KEY_FILE = "webhook-key.pem"
PUBLIC_KEY_FILE = "webhook-public-key.txt"


def load_signing_key(pem: str | None, store: Path | None) -> ec.EllipticCurvePrivateKey:
    """The given PEM key, else the one kept in `store`, else a new one, which is then kept in `store`.

    A key that is given is never written anywhere. Raises EmulatorError for a key that is not P-256.
    """
    if pem is not None:
        return _parse(pem)
    if store is None:
        return ec.generate_private_key(ec.SECP256R1())
    path = store / KEY_FILE
    if not path.exists():
        _keep(ec.generate_private_key(ec.SECP256R1()), path)
    key = _parse(path.read_text(encoding="ascii"))
    shown = store / PUBLIC_KEY_FILE
    if not shown.exists():
        shown.write_text(encode_public_key(key) + "\n", encoding="ascii")
    return key


def _parse(pem: str) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as error:
        message = "The signing key is not an unencrypted PEM private key."
        raise EmulatorError("bad_signing_key", message) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise EmulatorError("bad_signing_key", "The signing key must lie on P-256, as SendGrid's does.")
    return key


def _keep(key: ec.EllipticCurvePrivateKey, path: Path) -> None:
    """Write the key for its owner only. Where two processes start at once, the first one's stays."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
    finally:
        os.unlink(name)


def public_key(store: Path) -> str:
    """The public key of the emulator that keeps its things in `store`, as SendGrid shows it.

    Works before the emulator's first start: the key is made then. Raises EmulatorError for a broken key file.
    """
    return encode_public_key(load_signing_key(None, store))


def encode_public_key(key: ec.EllipticCurvePrivateKey) -> str:
    """The public half as SendGrid shows it: base64 of the SubjectPublicKeyInfo."""
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def sign(key: ec.EllipticCurvePrivateKey, timestamp: str, body: bytes) -> str:
    """Base64 of the DER signature over the timestamp's bytes and then the body's (ECDSA, SHA-256)."""
    return base64.b64encode(key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))).decode()
