"""The webhook's signature: the public test vector of SendGrid's own library, and everything malformed."""

import base64

import orjson
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from mailer.sendgrid.errors import ConfigurationError
from mailer.sendgrid.signature import parse_public_key, verify

# test/unit/test_eventwebhook.py of sendgrid-python.
KEY = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="
OTHER_KEY = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqTxd43gyp8IOEto2LdIfjRQrIbsd4SXZkLW6jDutdhXSJCWHw8REntlo7aNDthvj+y7GjUuFDb/R1NGe1OPzpA=="
SIGNATURE = "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM="
OTHER_SIGNATURE = (
    "MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRamr2nlxFDWYNH3j/0="
)
TIMESTAMP = "1600112502"
BODY = (
    orjson.dumps(
        [
            {
                "email": "hello@world.com",
                "event": "dropped",
                "reason": "Bounced Address",
                "sg_event_id": "ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",
                "sg_message_id": "LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",
                "smtp-id": "<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>",
                "timestamp": 1600112492,
            }
        ]
    )
    + b"\r\n"
)


def test_sendgrids_public_test_vector_verifies() -> None:
    assert verify([KEY], SIGNATURE, TIMESTAMP, BODY) is True


def test_any_of_several_keys_may_have_signed() -> None:
    assert verify([OTHER_KEY, KEY], SIGNATURE, TIMESTAMP, BODY) is True
    assert verify(["not a key", KEY], SIGNATURE, TIMESTAMP, BODY) is True


@pytest.mark.parametrize(
    ("keys", "signature", "timestamp", "body"),
    [
        ([], SIGNATURE, TIMESTAMP, BODY),
        ([OTHER_KEY], SIGNATURE, TIMESTAMP, BODY),
        ([KEY], OTHER_SIGNATURE, TIMESTAMP, BODY),
        ([KEY], SIGNATURE, "1600112503", BODY),
        ([KEY], SIGNATURE, "timestamp", BODY),
        ([KEY], SIGNATURE, "１６００１１２５０２", BODY),
        ([KEY], SIGNATURE, TIMESTAMP, BODY.strip()),
        ([KEY], SIGNATURE, TIMESTAMP, b"payload"),
        ([KEY], SIGNATURE, "", b""),
        ([KEY], "", TIMESTAMP, BODY),
        ([KEY], "!!!", TIMESTAMP, BODY),
        ([KEY], "é", TIMESTAMP, BODY),
        ([KEY], "AAAA", TIMESTAMP, BODY),
        ([KEY], SIGNATURE[:-5], TIMESTAMP, BODY),
        (["", "AAAA", "é"], SIGNATURE, TIMESTAMP, BODY),
    ],
)
def test_anything_else_does_not_verify_and_raises_nothing(
    keys: list[str], signature: str, timestamp: str, body: bytes
) -> None:
    assert verify(keys, signature, timestamp, body) is False


@given(
    st.lists(st.text()),
    st.text() | st.binary().map(lambda each: base64.b64encode(each).decode()),
    st.text(),
    st.binary(),
)
def test_no_input_raises(keys: list[str], signature: str, timestamp: str, body: bytes) -> None:
    assert verify([*keys, KEY], signature, timestamp, body) is False


@given(st.binary())
def test_raw_bytes_are_signed_whether_or_not_they_are_text(body: bytes) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    signature = private.sign(b"1700000000" + body, ec.ECDSA(hashes.SHA256()))
    arguments = [base64.b64encode(public).decode()], base64.b64encode(signature).decode(), "1700000000"
    assert verify(*arguments, body)
    assert not verify(*arguments, body + b"\n")


def spki(key: ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey) -> str:
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not base64!",
        "AAAA",
        KEY[:-8],
        "-----BEGIN PUBLIC KEY-----",
        spki(ec.derive_private_key(5, ec.SECP384R1()).public_key()),
        spki(ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key()),
    ],
    ids=["empty", "not base64", "not DER", "cut", "armour", "another curve", "another algorithm"],
)
def test_a_key_that_cannot_be_used_is_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(ConfigurationError, match="Signature Verification") as caught:
        parse_public_key(text)
    assert caught.value.code == "bad_public_key"


def test_a_key_may_have_white_space_around_it() -> None:
    assert parse_public_key(f" {KEY}\n") == parse_public_key(KEY)
