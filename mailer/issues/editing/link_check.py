"""Whether the links of an issue lead somewhere: each is asked for once, several at a time, safely."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

from mailer.issues.builder.content import IssueContent
from mailer.issues.builder.written import written_links
from mailer.issues.fetching import ANYTHING, Fetched, FetchError, Limits, fetch

Status = Literal["ok", "broken", "moved", "unreachable", "skipped"]
MOST_ADDRESSES = 100
AT_ONCE = 8
PATIENCE = 6.0
"""Seconds for each address."""
_BROKEN = frozenset({404, 410})
_WEB = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LinkReport:
    """A link with its place, as the lint names it, and what became of asking for it.

    `detail` is for people: where it moved to, why it is broken, why nobody asked.
    """

    where: str
    url: str
    status: Status
    detail: str


Ask = Callable[[str, Limits], Fetched]


def check_links(issue: IssueContent, ask: Ask = fetch) -> list[LinkReport]:
    """Ask for every address that an issue links to, its images among them.

    Args:
        ask: fetches one address; raises FetchError.
    """
    places = list(_places(issue))
    wanted = [url for url in dict.fromkeys(url for _, url in places) if _why_skipped(url) is None]
    asked = wanted[:MOST_ADDRESSES]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = dict(zip(asked, pool.map(lambda url: _ask(url, ask), asked), strict=True))
    too_many = f"There are more than {MOST_ADDRESSES} addresses: look at this one yourself."
    return [
        LinkReport(where, url, *answers.get(url, ("skipped", _why_skipped(url) or too_many)))
        for where, url in places
    ]


def _places(issue: IssueContent) -> Iterator[tuple[str, str]]:
    for link in written_links(issue):
        if link.url.strip():
            yield link.where, link.url.strip()
    for number, story in enumerate(issue.stories, start=1):
        if story.image.strip():
            yield f"story {number}, image", story.image.strip()


def _why_skipped(url: str) -> str | None:
    if "{{" in url:
        return "It differs from reader to reader."
    if not _WEB.match(url):
        return "It leads to no web page."
    return None


def _ask(url: str, ask: Ask) -> tuple[Status, str]:
    try:
        found = ask(url, Limits(seconds=PATIENCE, types=ANYTHING.types))
    except FetchError as error:
        if error.status in _BROKEN or error.code in ("address", "refused"):
            return "broken", str(error)
        return "unreachable", str(error)
    if found.moved and found.url.rstrip("/") != url.rstrip("/"):
        return "moved", f"It moved for good to {found.url}"
    return "ok", ""
