"""SendGrid's five suppression lists, read, and its global list, written."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from mailer.sendgrid.client import SendGrid
from mailer.sendgrid.errors import CallFailed

SuppressionList = Literal["bounces", "blocks", "invalid_emails", "spam_reports", "unsubscribes"]

PAGE = 500
PUSH = 1000


@dataclass(frozen=True)
class Suppressed:
    """An entry of a list: since when (unix seconds), and why, in the receiving server's words, where a list has any."""

    email: str = field(repr=False)
    created: int
    reason: str = field(default="", repr=False)
    status: str = ""


@dataclass(frozen=True)
class Page:
    """All entries of a list from `start` to `end` (unix seconds, inclusive), or a part of them."""

    name: SuppressionList
    start: int
    end: int
    entries: tuple[Suppressed, ...]


def pull(client: SendGrid, name: SuppressionList, start: int, end: int) -> Iterator[Page]:
    """Read a list from `start` to `end` (unix seconds, inclusive), oldest first, in pages of up to 500 entries.

    A time span with more than a page is halved instead of paged through: while one reads with offsets, an entry that
    is taken off the list moves the others, and one is missed. Entries that come meanwhile lie after `end` if it is
    in the past. The caller may stop after any page and go on from its `end`. Raises CallFailed.
    """
    entries = _fetch(client, name, start, end, offset=0)
    if len(entries) < PAGE:
        yield Page(name, start, end, entries)
    elif start < end:
        middle = (start + end) // 2
        yield from pull(client, name, start, middle)
        yield from pull(client, name, middle + 1, end)
    else:  # more than a page in one second: nothing left to halve
        yield Page(name, start, end, entries)
        offset = PAGE
        while entries := _fetch(client, name, start, end, offset):
            yield Page(name, start, end, entries)
            offset += PAGE


def suppress_globally(client: SendGrid, emails: Sequence[str]) -> None:
    """Add addresses to SendGrid's global list: it will drop whatever this account sends to them.

    Adding an address again changes nothing. Raises CallFailed; some of the addresses may be added by then.
    """
    for first in range(0, len(emails), PUSH):
        body = {"recipient_emails": list(emails[first : first + PUSH])}
        client.call("post", "asm", "suppressions", "global", body=body)


def _fetch(
    client: SendGrid, name: SuppressionList, start: int, end: int, offset: int
) -> tuple[Suppressed, ...]:
    span: Mapping[str, str | int] = {"start_time": start, "end_time": end, "limit": PAGE, "offset": offset}
    rows = client.call("get", "suppression", name, query=span)
    if not isinstance(rows, list):
        raise CallFailed(
            "unexpected", f"GET /v3/suppression/{name} was answered with something that is not a list"
        )
    return tuple(_read(name, row) for row in rows)


def _read(name: SuppressionList, row: object) -> Suppressed:
    email, created = (row.get("email"), row.get("created")) if isinstance(row, dict) else (None, None)
    if not isinstance(row, dict) or not isinstance(email, str) or not isinstance(created, int):
        raise CallFailed("unexpected", f"GET /v3/suppression/{name} holds an entry without address or time")
    return Suppressed(email, created, str(row.get("reason") or ""), str(row.get("status") or ""))
