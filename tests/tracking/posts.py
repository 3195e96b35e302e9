"""Posts to the webhook, signed as SendGrid signs them."""

import base64
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.test.utils import override_settings

PATH = "/webhooks/sendgrid/events"
KEY = ec.generate_private_key(ec.SECP256R1())


def public(key: ec.EllipticCurvePrivateKey = KEY) -> str:
    """The public half as SendGrid shows it."""
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def sign(body: bytes, timestamp: str = "1772442000", key: ec.EllipticCurvePrivateKey = KEY) -> dict[str, str]:
    """The headers of a post."""
    signature = key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return headers(base64.b64encode(signature).decode(), timestamp)


def headers(signature: str, timestamp: str) -> dict[str, str]:
    """The headers of a post with this signature."""
    return {
        "X-Twilio-Email-Event-Webhook-Signature": signature,
        "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
    }


@contextmanager
def webhook_keys(*keys: str) -> Iterator[None]:
    """The keys that the installation trusts, for a while."""
    with override_settings(ENVIRONMENT=replace(settings.ENVIRONMENT, sendgrid_webhook_keys=keys)):
        yield


def post(body: bytes | Sequence[Any], signed: dict[str, str] | None = None) -> HttpResponse:
    """Post to the webhook; a sequence is written as SendGrid writes it."""
    raw = body if isinstance(body, bytes) else orjson.dumps(list(body)) + b"\r\n"
    response: Any = Client().post(
        PATH, raw, content_type="application/json", headers=sign(raw) if signed is None else signed
    )
    return response
