"""Numbers that come with a request."""

import re

_DIGITS = re.compile(r"[0-9]{1,18}")  # as many nines are still a bigint


def number(written: str | None) -> int | None:
    """A row's number in an address or a field; None for what is none, or is larger than any that a row has."""
    return int(written) if written and _DIGITS.fullmatch(written) else None
