"""A story from a page of the web: its title, description and picture, as the page tells them."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.db import transaction

from mailer.issues.backlog.metadata import Metadata, metadata_of
from mailer.issues.backlog.picture import take_picture
from mailer.issues.backlog.plain import markdown_of
from mailer.issues.fetching import PAGE, FetchError, fetch
from mailer.issues.images.address import address_of
from mailer.issues.images.encode import ImageError
from mailer.issues.models import Newsletter, Story

log = structlog.get_logger()

PATIENCE_FOR_PICTURE = 8.0
"""Seconds."""


class CaptureError(Exception):
    """No story was made; the message says why and what to do."""

    code = "capture"


@dataclass(frozen=True)
class Captured:
    """The new story, and what whoever wanted it should look at: sentences, none where all is well.

    `there` is a story of the backlog with the same link, in whose place there is no new one.
    """

    story: Story
    notes: tuple[str, ...] = ()
    there: bool = False


def capture(newsletter: Newsletter, url: str, by: Any = None) -> Captured:
    """Make a story of a page and put it into a newsletter's backlog.

    Args:
        url: as somebody pasted it; "www.example.org/page" will do.
        by: the user who wants it, if any.
    Raises:
        CaptureError: the page cannot be fetched, or tells nothing of itself.
    """
    url = url.strip()
    if url and "://" not in url.split("?")[0]:
        url = f"https://{url}"
    try:
        found = fetch(url, PAGE)
    except FetchError as error:
        raise CaptureError(str(error)) from error
    page = metadata_of(found.body, found.charset, found.url)
    if not page.title:
        raise CaptureError(
            f"The page at {urlsplit(page.url).hostname} tells no title. Write the story by hand, with its link."
        )
    there = newsletter.backlog.filter(link=page.url).first()
    if there is not None:
        return Captured(there, ("A story with this link is in the backlog already: here it is.",), there=True)
    image, image_alt, notes = _picture(newsletter, page, by)
    with transaction.atomic():
        story = Story.objects.create(
            newsletter=newsletter,
            headline=page.title,
            body=markdown_of([page.description], len(page.description) + 1),
            link=page.url,
            link_label=label_of(page.site),
            image=image,
            image_alt=image_alt,
            created_by=by,
        )
    log.info("page_captured", story=story.pk, newsletter=newsletter.pk)
    return Captured(story, notes)


def label_of(site: str) -> str:
    """What stands on the link to a page of a site."""
    return f"Read it at {site}"[:100] if site else "Read more"


def _picture(newsletter: Newsletter, page: Metadata, by: Any) -> tuple[str, str, tuple[str, ...]]:
    """The address of the page's picture, its alt text, and what is to be said about it."""
    if not page.image:
        return "", "", ()
    try:
        image = take_picture(newsletter, page.image, page.image_alt, seconds=PATIENCE_FOR_PICTURE, by=by)
    except (FetchError, ImageError) as error:
        return "", "", (f"Its picture was not taken. {error}",)
    alt = page.image_alt or image.alt
    notes = () if alt else ("Write what the picture shows: the page does not say it.",)
    return address_of(image), alt, notes
