"""Drawing figures onto the HTML of an edition, so that nothing in it moves.

A badge has no width and no height in the flow: it is placed where its link begins and lies over what is there. The
result is an issue's HTML, so it is shown in a sandbox only (see page.py); no script is needed, and no link leads anywhere.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.html import escape

from mailer.delivery.editions import edition_of
from mailer.delivery.models import Edition
from mailer.issues.builder.links import tracked_anchors
from mailer.issues.builder.personalise import personalise
from mailer.tracking.clickmap.count import PlaceClicks
from mailer.tracking.wording import people, percent

HEAT = ("#6b7280", "#3565b0", "#0b7285", "#9a6700", "#c2410c", "#b3122e")
"""Colours of badges from 0 to 5, cold to hot; white text is readable on each (4.5:1, WCAG 2.2)."""
NOBODY: Mapping[str, Any] = {"subscriber": {"attributes": {}}, "links": {}}
"""A reader of whom nothing is known: every merge tag gives its default."""
# No element has this name, so that following a link does nothing.
_NOWHERE = "#clickmap"

_ANCHOR = re.compile(r'<a(?=\s)(?:[^<>"]|"[^"]*")*>', re.IGNORECASE)
_HREF = re.compile(r'(\shref=")[^"]*(")', re.IGNORECASE)
_CLASS = re.compile(r'(\sclass=")', re.IGNORECASE)
_HEAD_ENDS = re.compile(r"</head\s*>", re.IGNORECASE)

STYLE = (
    "<style>"
    "html{overflow-x:clip}"
    "a.clickmap{outline:2px solid var(--heat);outline-offset:2px;border-radius:2px;cursor:default;"
    "background:color-mix(in srgb,var(--heat) 12%,transparent)}"
    "a.clickmap:has(img){outline:0;background:none}"
    "a.clickmap img{outline:3px solid var(--heat);outline-offset:-3px}"
    "a.clickmap>.clickmap-badge{all:initial;position:absolute;z-index:9;transform:translate(-4px,-70%);"
    "padding:1px 7px;border-radius:99px;background:var(--heat);color:#fff;box-shadow:0 0 0 1.5px #fff,0 1px 4px #0006;"
    "font:600 11px/16px system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif;"
    "font-variant-numeric:tabular-nums;white-space:nowrap;direction:ltr;cursor:default;transition:opacity .15s;"
    "print-color-adjust:exact;-webkit-print-color-adjust:exact}"
    # Above a headline and a button is room; over an image the badge lies in its corner.
    "h1 a>.clickmap-badge,h2 a>.clickmap-badge,h3 a>.clickmap-badge,"
    'a.clickmap[style*="inline-block"]>.clickmap-badge{transform:translate(-4px,-100%)}'
    "a.clickmap:has(img)>.clickmap-badge{transform:translate(10px,10px)}"
    # What lies under a badge can be read.
    ".clickmap-badge:hover{opacity:.12}"
    + "".join(f"a.clickmap.heat{heat}{{--heat:{colour}}}" for heat, colour in enumerate(HEAT))
    + "</style>"
)


def draw(edition: Edition, places: Sequence[PlaceClicks]) -> str:
    """The HTML of an edition as nobody in particular sees it, with the figures of its places."""
    source = personalise(edition_of(edition), NOBODY).html
    by_place = {place.place: place for place in places}
    parts: list[str] = []
    last = 0
    for number, anchor in enumerate(tracked_anchors(source)):
        tag = source[anchor.start : anchor.end]
        if place := by_place.get(number):
            tag = _marked(tag, place.heat) + _badge(place)
        parts += [source[last : anchor.start], tag]
        last = anchor.end
    drawn = "".join([*parts, source[last:]])
    dead = _ANCHOR.sub(lambda tag: _HREF.sub(rf"\g<1>{_NOWHERE}\2", tag[0], count=1), drawn)
    return _HEAD_ENDS.sub(lambda end: STYLE + end[0], dead, count=1)


def _marked(tag: str, heat: int) -> str:
    names = f"clickmap heat{heat}"
    if _CLASS.search(tag):
        return _CLASS.sub(rf"\g<1>{names} ", tag, count=1)
    return f'{tag[:2]} class="{names}"{tag[2:]}'


def _badge(place: PlaceClicks) -> str:
    says = f"{percent(place.share)} of clicks, {people(place.people)} people"
    if place.machines:
        says += f"; machines in the name of {people(place.machines)}"
    shown = f"{percent(place.share)} · {people(place.people)}" if place.people else "0"
    return f'<span class="clickmap-badge" title="{escape(says)}">{escape(shown)}</span>'
