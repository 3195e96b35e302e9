"""SendGrid's limits, and the checks of single values against them.

Numbers: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/limitations, and the stricter one where
reports disagree with it.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

RECIPIENTS = 1000
SUBSTITUTIONS_BYTES = 8_000  # 10,000 are documented, requests above some 8 KB were refused
CUSTOM_ARGS_BYTES = 10_000
ADDRESS_CHARACTERS = 320
CATEGORIES = 10
CATEGORY_CHARACTERS = 255

RESERVED_HEADERS = frozenset(
    {
        "x-sg-id",
        "x-sg-eid",
        "received",
        "dkim-signature",
        "content-type",
        "content-transfer-encoding",
        "to",
        "from",
        "subject",
        "reply-to",
        "cc",
        "bcc",
    }
)

# RFC 5321's dot-string and domain, without quoted local parts and address literals. ASCII only: SendGrid takes no
# SMTPUTF8, and a domain in another script must already be in its xn-- form.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
_ADDRESS = re.compile(
    rf"{_ATOM}+(?:\.{_ATOM}+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]"
)
# A thousand in a row, each with a line break behind it; nothing is read twice, which takes a quarter of the time.
_PLAIN_ADDRESSES = re.compile(
    rf"(?:{_ATOM}++(?:\.{_ATOM}++)*+"
    r"@(?:[A-Za-z0-9]++(?:-++[A-Za-z0-9]++)*+\.)++[A-Za-z][A-Za-z0-9]++\n)*+"
)
_PLAIN_ADDRESS_CHARACTERS = 64  # then neither the part before the @ nor a label of the domain can be too long
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_PRINTABLE_ASCII = re.compile(r"[ -~]+")  # a third of the time of str.isprintable
# Commas and semicolons make SendGrid read a name as several recipients; control characters have no place in a header.
_NOT_IN_NAMES = re.compile(r"[;,\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def bad_address(address: str) -> bool:
    """True for an address that SendGrid would refuse: syntax, or longer than 64 before the @ or 320 together."""
    if len(address) > ADDRESS_CHARACTERS or _ADDRESS.fullmatch(address) is None:
        return True
    local, _, domain = address.rpartition("@")
    return len(local) > 64 or len(domain) > 253  # RFC 5321, section 4.5.3.1


def plain_addresses(addresses: Sequence[str]) -> bool:
    """True when `bad_address` is certainly False for all of them. False says nothing: look at each."""
    lines = "\n".join((*addresses, ""))
    return (
        max(map(len, addresses), default=0) <= _PLAIN_ADDRESS_CHARACTERS
        and lines.count("\n") == len(addresses)
        and _PLAIN_ADDRESSES.fullmatch(lines) is not None
    )


def bad_header(name: str, value: str) -> bool:
    """True for a header that SendGrid keeps to itself, or whose name or value is not one line of ASCII."""
    if not isinstance(value, str) or not _PRINTABLE_ASCII.fullmatch(value) or not value.strip():
        return True
    return _bad_header_name(name)


@lru_cache(maxsize=256)  # a send uses two names a million times
def _bad_header_name(name: str) -> bool:
    return _HEADER_NAME.fullmatch(name) is None or name.lower() in RESERVED_HEADERS


def clean_name(name: str) -> str:
    """A display name without semicolons, commas and control characters, its spaces single."""
    if name.isprintable() and ";" not in name and "," not in name:
        return name.strip()
    return " ".join(_NOT_IN_NAMES.sub(" ", name).split())
