"""Look at one feed: fetch it where it changed, and make stories of entries that are new."""

import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F

from mailer.issues.backlog.capture import label_of
from mailer.issues.backlog.picture import take_picture
from mailer.issues.feeds.entries import Entry, Parsed, parse
from mailer.issues.fetching import FEED, Fetched, FetchError, fetch
from mailer.issues.images.address import address_of
from mailer.issues.images.encode import ImageError
from mailer.issues.models import Feed, FeedEntry, Story

log = structlog.get_logger()

FIRST = 10
"""Entries of a feed's first look that become stories, the newest ones. What was before is known and not taken."""
MOST = 30
"""Stories of any other look: a feed that calls all of its entries anew fills no backlog."""
GIVEN_UP_AFTER = 10
"""Failures in a row, after which a feed is switched off: with the waits that double, some days."""
PATIENCE_FOR_PICTURES = 30.0
"""Seconds for the pictures of one look, all together; a story whose picture was not taken in time has none."""
PATIENCE_FOR_PICTURE = 6.0


@dataclass(frozen=True)
class Looked:
    """What came of it. `failed` says why nothing could be read, for who looks after the feed; else it is ""."""

    stories: tuple[Story, ...] = ()
    passed_over: int = 0
    changed: bool = True
    failed: str = ""


def look(feed: Feed, *, patience: float = PATIENCE_FOR_PICTURES) -> Looked:
    """Look at a feed now. Its failures are counted, and kept with it.

    Args:
        feed: one that the caller claimed (see due.py), or whose button somebody pressed.
        patience: seconds for pictures.
    """
    asked = {"If-None-Match": feed.etag, "If-Modified-Since": feed.modified}
    try:
        found = fetch(feed.url, FEED, headers={name: value for name, value in asked.items() if value})
        parsed = None if found.status == 304 else read(found)
    except FetchError as error:
        return _failed(feed, str(error))
    taken = _take(feed, parsed, patience) if parsed else Looked(changed=False)
    Feed.objects.filter(pk=feed.pk).update(failures=0, failed_because="", **_kept(feed, found, parsed))
    log.info("feed_looked_at", feed=feed.pk, stories=len(taken.stories), changed=taken.changed)
    return taken


def read(found: Fetched) -> Parsed:
    """The feed that was fetched.

    Raises:
        FetchError: `type`, where it is none.
    """
    parsed = parse(found)
    if parsed is None:
        raise FetchError(
            "type", "There is no RSS or Atom feed at this address. Look for another one on the site."
        )
    return parsed


def _kept(feed: Feed, found: Fetched, parsed: Parsed | None) -> dict[str, Any]:
    if parsed is None:
        return {}
    etag, modified = found.headers.get("etag", ""), found.headers.get("last-modified", "")
    return {
        # One that does not fit would come back changed, and match nothing.
        "etag": etag if len(etag) <= 300 and etag.isascii() else "",
        "modified": modified if len(modified) <= 100 and modified.isascii() else "",
        "title": feed.title or parsed.title,
    }


def _failed(feed: Feed, why: str) -> Looked:
    Feed.objects.filter(pk=feed.pk).update(failures=F("failures") + 1, failed_because=why[:500])
    given_up = Feed.objects.filter(pk=feed.pk, failures__gte=GIVEN_UP_AFTER, enabled=True).update(
        enabled=False
    )
    log.info("feed_failed", feed=feed.pk, given_up=bool(given_up))
    return Looked(failed=why)


def _take(feed: Feed, parsed: Parsed, patience: float) -> Looked:
    """Make stories of the new entries. Each is noted in the transaction that makes its story, so that none comes twice."""
    known = set(FeedEntry.objects.filter(feed=feed).values_list("key", flat=True))
    new = list({entry.key: entry for entry in reversed(parsed.entries) if entry.key not in known}.values())
    most = MOST if known else FIRST
    older, newest = new[:-most], new[-most:]
    FeedEntry.objects.bulk_create(
        [FeedEntry(feed=feed, key=entry.key) for entry in older], ignore_conflicts=True
    )
    topics = list(feed.topics.all())
    until = time.monotonic() + patience
    stories = []
    for entry in newest:  # the newest comes last, and stands on top
        story = _story(feed, entry, topics, parsed.title, until)
        if story is not None:
            stories.append(story)
    return Looked(tuple(reversed(stories)), passed_over=len(older))


def _story(feed: Feed, entry: Entry, topics: Collection[Any], title: str, until: float) -> Story | None:
    """The story of an entry; None where somebody else takes it at this moment."""
    image, alt = _picture(feed, entry, until)
    with transaction.atomic():
        noted, made = FeedEntry.objects.get_or_create(feed=feed, key=entry.key)
        if not made:
            return None
        story = Story.objects.create(
            newsletter=feed.newsletter,
            headline=entry.headline,
            body=entry.body,
            link=entry.link,
            link_label=label_of((feed.title or title)[:60]) if entry.link else "",
            image=image,
            image_alt=alt,
        )
        story.topics.set(topics)
        noted.story = story
        noted.save(update_fields=["story"])
    return story


def _picture(feed: Feed, entry: Entry, until: float) -> tuple[str, str]:
    left = until - time.monotonic()
    if not entry.image or left <= 0:
        return "", ""
    try:
        image = take_picture(
            feed.newsletter, entry.image, entry.image_alt, seconds=min(left, PATIENCE_FOR_PICTURE)
        )
    except (FetchError, ImageError) as error:
        log.info("feed_picture_not_taken", feed=feed.pk, code=error.code)
        return "", ""
    return address_of(image), entry.image_alt or image.alt
