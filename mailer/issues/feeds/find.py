"""The feed that somebody means: its own address, or that of a page which names it."""

from dataclasses import replace

from mailer.issues.backlog.metadata import metadata_of
from mailer.issues.feeds.entries import Parsed, parse
from mailer.issues.fetching import FEED, FetchError, fetch


def find_feed(url: str) -> tuple[str, Parsed]:
    """The address of a feed, and what it says.

    Args:
        url: of the feed, or of a page of its site.
    Raises:
        FetchError: there is none.
    """
    url = url.strip()
    if url and "://" not in url.split("?")[0]:
        url = f"https://{url}"
    found = fetch(url, FEED)
    parsed = parse(found)
    if parsed is not None:
        return found.url, parsed
    for named in metadata_of(found.body[: 1024 * 1024], found.charset, found.url).feeds[:3]:
        other = fetch(named, replace(FEED, seconds=8.0))
        if (parsed := parse(other)) is not None:
            return other.url, parsed
    raise FetchError("type", "There is no RSS or Atom feed at this address, and the page names none.")
