"""A click map as one page: it can be saved, mailed and opened anywhere. Nothing in it runs.

The issue in it is hostile: what editors and whoever wrote for them put there. It stands in a sandboxed frame without
rights, from which nothing reaches the page, and under the page's policy no script runs in either.
"""

from collections.abc import Mapping

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from mailer.delivery.models import Edition
from mailer.tracking.clickmap.count import ClickMap
from mailer.tracking.clickmap.draw import HEAT, draw
from mailer.tracking.wording import for_nobody

OFFERED = 200
"""Editions to choose from, the largest; the others by their number."""
LINE, PICTURE, ROOM = 30, 420, 500
"""Pixels on paper for 60 characters of the text, for a picture, and for what stands around them: rather too many, since
what is below the frame's end is not printed."""


def render(map_: ClickMap, on_site: Mapping[str, str] | None = None) -> SafeString:
    """The page, as HTML. Only the issue's pictures are fetched from elsewhere; everything is escaped.

    Args:
        on_site: addresses that the bar of the staff site needs (see templates/tracking/clickmap.html); None for a page
            to save.
    """
    edition = Edition.objects.get(pk=map_.shown.edition_id)
    return render_to_string(
        "tracking/clickmap.html",
        {
            "map": map_,
            "drawn": draw(edition, map_.places),
            "subject": for_nobody(map_.send.issue.subject),
            "offered": map_.editions[:OFFERED],
            "heat": HEAT,
            "tall": _tall(edition),
            "on_site": on_site,
        },
    )


def _tall(edition: Edition) -> int:
    """How high the frame is on paper, so that the whole issue stands in it: it cannot be measured without a script."""
    lines = sum(1 + len(line) // 60 for line in edition.text.splitlines())
    return ROOM + LINE * lines + PICTURE * edition.html.lower().count("<img")
