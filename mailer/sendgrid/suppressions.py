"""SendGrid's five suppression lists, read and cleared of an address, and its global list, written.

https://www.twilio.com/docs/sendgrid/api-reference/suppressions
"""

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
    """All entries of a list from `start` to `end` (unix seconds, inclusive), or a part of them.

    `odd` counts those that are left out, because they have no address or no time.
    """

    name: SuppressionList
    start: int
    end: int
    entries: tuple[Suppressed, ...]
    odd: int = 0


def pull(client: SendGrid, name: SuppressionList, start: int, end: int) -> Iterator[Page]:
    """Read a list from `start` to `end` (unix seconds, inclusive), oldest first, in pages of up to 500 entries.

    A time span with more than a page is halved instead of paged through: while one reads with offsets, an entry that
    is taken off the list moves the others, and one is missed. Entries that come meanwhile lie after `end` if it is
    in the past. The caller may stop after any page and go on from its `end`. Raises CallFailed.
    """
    rows = _fetch(client, name, start, end, offset=0)
    if len(rows) < PAGE:
        yield _page(name, start, end, rows)
    elif start < end:
        middle = (start + end) // 2
        yield from pull(client, name, start, middle)
        yield from pull(client, name, middle + 1, end)
    else:  # more than a page in one second: nothing left to halve
        offset = 0
        while rows:
            yield _page(name, start, end, rows)
            offset += PAGE
            before, rows = rows, _fetch(client, name, start, end, offset)
            if rows == before:
                raise CallFailed(
                    "unexpected", f"GET /v3/suppression/{name} gives the same page again and again"
                )


def suppress_globally(client: SendGrid, emails: Sequence[str]) -> None:
    """Add addresses to SendGrid's global list: it will drop whatever this account sends to them.

    Adding an address again changes nothing. Raises CallFailed; some of the addresses may be added by then.
    """
    for first in range(0, len(emails), PUSH):
        body = {"recipient_emails": list(emails[first : first + PUSH])}
        client.call("post", "asm", "suppressions", "global", body=body)


def remove(client: SendGrid, name: SuppressionList, email: str) -> bool:
    """Take an address off a list. Returns False when it did not stand there. Raises CallFailed."""
    path = ("asm", "suppressions", "global") if name == "unsubscribes" else ("suppression", name)
    try:
        client.call("delete", *path, email)
    except CallFailed as failure:
        if failure.status == 404:
            return False
        raise
    return True


def _fetch(client: SendGrid, name: SuppressionList, start: int, end: int, offset: int) -> list[object]:
    span: Mapping[str, str | int] = {"start_time": start, "end_time": end, "limit": PAGE, "offset": offset}
    rows = client.call("get", "suppression", name, query=span)
    if not isinstance(rows, list):
        raise CallFailed(
            "unexpected", f"GET /v3/suppression/{name} was answered with something that is not a list"
        )
    return rows


def _page(name: SuppressionList, start: int, end: int, rows: Sequence[object]) -> Page:
    """Raises CallFailed where entries lie outside of the time, so that it means nothing, or none can be read at all."""
    read = [_read(row) for row in rows]
    entries = tuple(entry for entry in read if entry)
    if rows and not entries:
        raise CallFailed("unexpected", f"GET /v3/suppression/{name} holds entries without address or time")
    if not all(start <= entry.created <= end for entry in entries):
        raise CallFailed(
            "unexpected", f"GET /v3/suppression/{name} gives entries of another time than asked for"
        )
    return Page(name, start, end, entries, len(read) - len(entries))


def _read(row: object) -> Suppressed | None:
    email, created = (row.get("email"), row.get("created")) if isinstance(row, dict) else (None, None)
    if not isinstance(row, dict) or not isinstance(email, str) or type(created) is not int:
        return None
    return Suppressed(email, created, str(row.get("reason") or ""), str(row.get("status") or ""))
