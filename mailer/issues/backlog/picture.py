"""The picture that a page or a feed shows, as one of a newsletter's own."""

from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlsplit

from mailer.issues.fetching import PICTURE, fetch
from mailer.issues.images.keep import keep_picture
from mailer.issues.models import Image, Newsletter

SMALLEST = 100
"""Pixels. What is narrower or lower is an icon, or counts who looks."""


def take_picture(newsletter: Newsletter, url: str, alt: str, *, seconds: float, by: Any = None) -> Image:
    """Fetch a picture, write it anew, and keep it.

    Args:
        seconds: to wait for it.
    Raises:
        FetchError, ImageError: it cannot be had.
    """
    found = fetch(url, replace(PICTURE, seconds=seconds))
    name = unquote(urlsplit(found.url).path.rpartition("/")[2])
    return keep_picture(newsletter, found.body, name=name, alt=alt, by=by, smallest=SMALLEST)[0]
