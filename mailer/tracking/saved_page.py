"""Reports as self-contained pages: each can be saved, mailed and opened anywhere."""

from functools import cache
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe


def saved_page(template: str, title: str, **shown: Any) -> SafeString:
    """A page with its styles in it, as HTML. Nothing runs, everything is escaped, and nothing is fetched but the pictures of an
    issue in a click map.

    Args:
        template: one that stands in tracking/saved.html where it is given no other frame.
        title: of the page, for the browser's tab.
        shown: what the template is given.
    """
    return render_to_string(template, {"title": title, "style": _style(), **shown})


@cache
def _style() -> SafeString:
    """The styles that the staff site links for the same reports."""
    return mark_safe((settings.ROOT / "static" / "report.css").read_text("utf-8"))  # noqa: S308  # a file of ours
