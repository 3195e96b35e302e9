"""The signature of SendGrid's event webhook: ECDSA P-256 with SHA-256 over the timestamp and the raw body.

https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
"""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key

from mailer.sendgrid.errors import ConfigurationError

SIGNATURE_HEADER = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP_HEADER = "X-Twilio-Email-Event-Webhook-Timestamp"

_ALGORITHM = ec.ECDSA(Prehashed(hashes.SHA256()))
_LONGEST = 100
"""Characters of a header: a signature in DER has 72 bytes at most (SEC 1, C.8), a timestamp ten digits."""


@lru_cache(maxsize=32)
def parse_public_key(text: str) -> ec.EllipticCurvePublicKey:
    """Read a verification key as SendGrid shows it: base64 of a DER SubjectPublicKeyInfo, in one line.

    Raises ConfigurationError (`bad_public_key`).
    """
    try:
        key = load_der_public_key(base64.b64decode(text.strip(), validate=True))
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ConfigurationError(
            "bad_public_key",
            "The webhook's verification key must be the base64 text that SendGrid shows under Settings, Mail Settings, "
            "Event Webhook, Signature Verification: one line that begins with MFkwEwYHKoZIzj0",
        )
    return key


def well_formed(signature: str, timestamp: str) -> bool:
    """Whether these headers could be a signature at all: known before the body is read. Never raises."""
    return _decoded(signature) is not None and len(timestamp) <= _LONGEST and timestamp.isascii()


def verify(public_keys: Sequence[str], signature: str, timestamp: str, body: bytes) -> bool:
    """True when one of the keys signed this timestamp and body.

    `signature` and `timestamp` are the headers' text, `body` the bytes as they came: SendGrid's end with CRLF,
    and anything that parses and writes them again breaks the signature. Several keys, because toggling signing
    makes a new one while old requests are still retried. No freshness is asked: SendGrid retries for 24 hours.
    Never raises: a malformed signature, timestamp or key is just not a match.
    """
    decoded = _decoded(signature)
    if decoded is None or not well_formed(signature, timestamp):
        return False
    signed = hashlib.sha256(timestamp.encode("ascii"))
    signed.update(body)
    return any(_signed_by(key, decoded, signed.digest()) for key in public_keys)


def _decoded(signature: str) -> bytes | None:
    if len(signature) > _LONGEST:
        return None
    try:
        decoded = base64.b64decode(signature, validate=True)
        decode_dss_signature(decoded)
    except (binascii.Error, ValueError):
        return None
    return decoded


def _signed_by(text: str, signature: bytes, digest: bytes) -> bool:
    try:
        parse_public_key(text).verify(signature, digest, _ALGORITHM)
    except (InvalidSignature, ConfigurationError):
        return False
    return True
