"""The signature of SendGrid's event webhook: ECDSA P-256 with SHA-256 over the timestamp and the raw body.

https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
"""

import base64
import binascii
from collections.abc import Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from mailer.sendgrid.errors import ConfigurationError

SIGNATURE_HEADER = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP_HEADER = "X-Twilio-Email-Event-Webhook-Timestamp"

_ALGORITHM = ec.ECDSA(hashes.SHA256())


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


def verify(public_keys: Sequence[str], signature: str, timestamp: str, body: bytes) -> bool:
    """True when one of the keys signed this timestamp and body.

    `signature` and `timestamp` are the headers' text, `body` the bytes as they came: SendGrid's end with CRLF,
    and anything that parses and writes them again breaks the signature. Several keys, because toggling signing
    makes a new one while old requests are still retried. No freshness is asked: SendGrid retries for 24 hours.
    Never raises: a malformed signature, timestamp or key is just not a match.
    """
    try:
        decoded = base64.b64decode(signature, validate=True)
        signed = timestamp.encode("ascii") + body
    except (binascii.Error, ValueError):
        return False
    return any(_signed_by(key, decoded, signed) for key in public_keys)


def _signed_by(text: str, signature: bytes, signed: bytes) -> bool:
    try:
        parse_public_key(text).verify(signature, signed, _ALGORITHM)
    except (InvalidSignature, ConfigurationError):
        return False
    return True
