"""DKIM (RFC 6376): the public keys by which receivers check SendGrid's signatures in the domain's name."""

import base64
import binascii
from collections.abc import Iterator

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from mailer.doctor.domains import authentication, for_domains
from mailer.doctor.installation import Installation
from mailer.doctor.records import broken_alias, tags
from mailer.doctor.resolver import NoSuchName, Resolver
from mailer.doctor.result import CannotSee, Check, Verdict, fine, wrong

SUBJECT = "DKIM"
LEAST_BITS = 1024
"""Receivers ignore signatures by shorter keys (RFC 8301, section 3.2, and Gmail's rules for senders)."""
GOOD_BITS = 2048
SELECTORS = ("s1", "s2")
"""SendGrid's own, where it does not show which it uses."""


def checks(installation: Installation) -> Iterator[Check]:
    """One for each domain that mail comes from."""
    return for_domains(installation, SUBJECT, _dkim)


def _dkim(installation: Installation, domain: str) -> Verdict:
    try:
        found = authentication(installation.account, domain)
    except CannotSee as failure:
        return _guessed(installation.resolver, domain, failure)
    records = [record for record in found.records if record.role.startswith("dkim")] if found else []
    if found is None or not records:
        return wrong(
            f"SendGrid does not sign for {domain}: it is not authenticated.",
            "Authenticate the domain at SendGrid: Settings, Sender Authentication.",
        )
    keys = []
    for record in records:
        looked = broken_alias(installation.resolver, record) or _key(installation.resolver, record.host)
        if isinstance(looked, Verdict):
            return looked
        keys.append((record.host, looked))
    return _judge(keys)


def _guessed(resolver: Resolver, domain: str, failure: CannotSee) -> Verdict:
    """The keys under SendGrid's usual selectors; where there are none, an unusual one may be in use."""
    keys = []
    for selector in SELECTORS:
        looked = _key(resolver, f"{selector}._domainkey.{domain}")
        if not isinstance(looked, Verdict):
            keys.append((f"{selector}._domainkey.{domain}", looked))
    if not keys:
        raise CannotSee(
            f"Which selectors SendGrid signs with is not shown: {failure} Its usual ones have no key under {domain}.",
            failure.todo,
        ) from failure
    return _judge(keys)


def _key(resolver: Resolver, host: str) -> int | Verdict:
    """The bits of the key (0 where the algorithm has one size), or what is wrong with it. Raises CannotSee."""
    try:
        found = [text for text in resolver.texts(host) if "p" in tags(text)]
    except NoSuchName as error:
        return wrong(f"{error}.", "Enter the records that SendGrid shows: Settings, Sender Authentication.")
    if not found:
        return wrong(
            f"{host} holds no key.", "Enter the records that SendGrid shows: Settings, Sender Authentication."
        )
    values = tags(found[0])
    if not values["p"]:
        return wrong(
            f"The key of {host} is revoked (p is empty).", "Authenticate the domain again at SendGrid."
        )
    try:
        raw = base64.b64decode("".join(values["p"].split()), validate=True)
        if values.get("k", "rsa").lower() == "ed25519":
            return 0
        key = load_der_public_key(raw)
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPublicKey):
        return wrong(
            f"The key of {host} cannot be read.",
            "Copy it again from SendGrid, in one piece: a quote or a line break got into it.",
        )
    if key.key_size < LEAST_BITS:
        return wrong(
            f"The key of {host} has {key.key_size} bits: receivers ignore it.",
            "Authenticate the domain again at SendGrid, which makes a longer one.",
        )
    return key.key_size


def _judge(keys: list[tuple[str, int]]) -> Verdict:
    seen = ", ".join(f"{host} ({f'RSA, {bits:,} bits' if bits else 'Ed25519'})" for host, bits in keys)
    short = any(0 < bits < GOOD_BITS for _, bits in keys)
    return fine(f"{seen}.", f"A key of {GOOD_BITS:,} bits is better." if short else "")
