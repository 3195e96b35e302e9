"""Tokens in the links of a mail: they say who follows the link, and only this installation can make them.

A token carries three numbers and a keyed hash of them. It is good for one scope only: what lets a reader
see an issue in the browser, and may be passed on to friends, does not let them change a subscription.
One is made for each recipient of each send, so making one costs about a microsecond.
"""

import binascii
import re
import struct
from base64 import urlsafe_b64decode
from binascii import b2a_base64
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b

from django.conf import settings
from django.utils.crypto import constant_time_compare

WRITTEN = re.compile(r"[A-Za-z0-9_-]{40}")
URL_SAFE = bytes.maketrans(b"+/", b"-_")
NUMBERS = struct.Struct(">IQI")
HASH_SIZE = 14
"""Bytes of the hash; with the numbers' 16 a token is 40 characters without padding."""


class Scope(StrEnum):
    MANAGE = "manage"
    """Leave a list, change preferences: (mailing list, subscriber, origin)."""
    VIEW = "view"
    """See an issue as it was sent: (mailing list, subscriber, send)."""
    CONFIRM = "confirm"
    """Confirm a subscription: (mailing list, subscriber, when it expires)."""
    ADDRESS = "address"
    """Confirm a new address: (mailing list, subscriber, the change's number)."""
    EXPORT = "export"
    """Get all that is held on a person: (mailing list, subscriber, when it expires)."""
    ERASE = "erase"
    """Have all that is held on a person erased: (mailing list, subscriber, when it expires)."""


class BadToken(Exception):
    """The token was cut short, changed, or made for something else."""

    code = "bad_token"


def make(scope: Scope, mailing_list_id: int, subscriber_id: int, origin: int = 0) -> str:
    """A token for one subscriber on one list.

    Args:
        scope: what it is good for.
        origin: what it came with, in the numbering of whoever made it (a send, say); 0 for nothing.
    """
    return maker(scope, mailing_list_id, origin)(subscriber_id)


def maker(scope: Scope, mailing_list_id: int, origin: int = 0) -> Callable[[int], str]:
    """A function from subscribers to their tokens (see make), for many of one list and origin."""
    pack, keyed = NUMBERS.pack, _keyed(scope, settings.SECRET_KEY)

    def token(subscriber_id: int) -> str:
        numbers = pack(mailing_list_id, subscriber_id, origin)
        hashed = keyed.copy()
        hashed.update(numbers)
        return b2a_base64(numbers + hashed.digest(), newline=False).translate(URL_SAFE).decode()

    return token


def read(scope: Scope, token: str) -> tuple[int, int, int]:
    """The numbers in a token: mailing list, subscriber, origin.

    Raises:
        BadToken: not one of ours, or for another scope.
    """
    if not WRITTEN.fullmatch(token):
        raise BadToken("The link is not complete.")
    try:
        raw = urlsafe_b64decode(token)
        numbers, given = raw[: NUMBERS.size], raw[NUMBERS.size :]
        mailing_list_id, subscriber_id, origin = NUMBERS.unpack(numbers)
    except (binascii.Error, struct.error) as error:
        raise BadToken("The link is not complete.") from error
    keys = map(str, (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))
    if not any(constant_time_compare(given, _hash(scope, key, numbers)) for key in keys):
        raise BadToken("The link is not one of ours.")
    return mailing_list_id, subscriber_id, origin


def _hash(scope: Scope, secret: str, numbers: bytes) -> bytes:
    hashed = _keyed(scope, secret).copy()
    hashed.update(numbers)
    return hashed.digest()


@lru_cache
def _keyed(scope: Scope, secret: str) -> blake2b:
    """The hash with its key taken in already; copied for each use."""
    key = blake2b(secret.encode(), person=b"links in mails", digest_size=32).digest()
    return blake2b(key=key, person=scope.encode(), digest_size=HASH_SIZE)
