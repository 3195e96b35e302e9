"""Finds the recipients of a batch who would break one of SendGrid's limits.

A request is all or nothing: one bad recipient costs the other 999 their mail.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import orjson

from mailer.sendgrid.limits import CUSTOM_ARGS_BYTES, SUBSTITUTIONS_BYTES, bad_address, bad_header
from mailer.sendgrid.payload import CompiledMessage, RecipientPart


@dataclass(frozen=True)
class Unsendable:
    """A recipient who would make SendGrid refuse the request: the index in the batch, and a stable reason."""

    index: int
    reason: str


def unsendable(
    compiled: CompiledMessage,
    recipients: Sequence[RecipientPart],
    custom_args: Mapping[str, str] | None = None,
) -> list[Unsendable]:
    """The recipients to take out before `mailer.sendgrid.payload.body`, ascending, with their first reason.

    Reasons: `bad_address`, `duplicate_address` (the second and later ones, compared without case), `not_text`
    (a value that is no text, or no UTF-8), `substitutions_too_large`, `custom_args_too_large` (the edition's and
    the submission's included), `bad_header`.
    """
    shared = {**compiled.custom_args, **(custom_args or {})}
    shared_size = _size(shared)
    seen: set[str] = set()
    found = []
    for index, recipient in enumerate(recipients):
        reason = _reason(recipient, shared, shared_size)
        if reason is None:
            address = recipient.email.lower()
            if address in seen:
                reason = "duplicate_address"
            seen.add(address)
        if reason is not None:
            found.append(Unsendable(index, reason))
    return found


def _reason(recipient: RecipientPart, shared: Mapping[str, str], shared_size: int) -> str | None:
    email, name, substitutions, custom_args, headers = recipient
    if not isinstance(email, str) or bad_address(email):
        return "bad_address"
    try:
        most = _at_most((name, *chain.from_iterable(substitutions), *custom_args, *custom_args.values()))
        # Only the few who may be too large are encoded to see.
        if most > SUBSTITUTIONS_BYTES and _size(dict(substitutions)) > SUBSTITUTIONS_BYTES:
            return "substitutions_too_large"
        if most + shared_size > CUSTOM_ARGS_BYTES and _size({**shared, **custom_args}) > CUSTOM_ARGS_BYTES:
            return "custom_args_too_large"
    except (TypeError, UnicodeEncodeError):
        return "not_text"
    for header, value in headers.items():
        if bad_header(header, value):
            return "bad_header"
    return None


def _at_most(texts: Iterable[str]) -> int:
    """An upper bound for the bytes of these texts as JSON, cheaply: no character takes more than six.

    Raises TypeError for a value that is no text, UnicodeEncodeError for one that is no UTF-8 (a lone surrogate).
    """
    joined = "....".join(texts)  # quotes, comma and colon
    if not joined.isascii():
        joined.encode()
    return (len(joined) + 4) * 6


def _size(pairs: Mapping[str, str]) -> int:
    return len(orjson.dumps(pairs))
