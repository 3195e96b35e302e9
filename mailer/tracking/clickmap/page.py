"""A click map as a page: one to save and to mail, and the same within the staff site.

The issue in it is hostile: what editors and whoever wrote for them put there. It stands in a sandboxed frame without
rights, in which no script runs and from which nothing reaches the page. On a saved page none would run beside it either.
"""

from typing import Any

from django.utils.safestring import SafeString

from mailer.delivery.models import Edition
from mailer.tracking.clickmap.count import ClickMap
from mailer.tracking.clickmap.draw import HEAT, draw
from mailer.tracking.saved_page import saved_page
from mailer.tracking.wording import for_nobody

OFFERED = 200
"""Editions to choose from, the largest; the others by their number."""
LINE, PICTURE, ROOM = 30, 420, 500
"""Pixels on paper for 60 characters of the text, for a picture, and for what stands around them: rather too many, since
what is below the frame's end is not printed."""


def render(map_: ClickMap) -> SafeString:
    """The page to save, as HTML. Only the issue's pictures are fetched from elsewhere."""
    issue = map_.send.issue
    return saved_page(
        "tracking/clickmap.html", f"{issue.newsletter} {issue.number}: click map", **shown(map_)
    )


def shown(map_: ClickMap) -> dict[str, Any]:
    """What tracking/clickmap.html is given."""
    edition = Edition.objects.get(pk=map_.shown.edition_id)
    return {
        "map": map_,
        "drawn": draw(edition, map_.places),
        "subject": for_nobody(map_.send.issue.subject),
        "offered": map_.editions[:OFFERED],
        "heat": HEAT,
        "tall": _tall(edition),
    }


def _tall(edition: Edition) -> int:
    """How high the frame is on paper, so that the whole issue stands in it: it cannot be measured without a script."""
    lines = sum(1 + len(line) // 60 for line in edition.text.splitlines())
    return ROOM + LINE * lines + PICTURE * edition.html.lower().count("<img")
