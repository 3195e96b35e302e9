"""What the preferences page offers to choose from."""

from functools import cache
from importlib.resources import files
from typing import Any

from django.utils.translation import gettext_lazy as _

from subscribers.language import NAMES
from subscribers.models import Cadence, Topic

Choices = list[tuple[Any, Any]]
"""Value and label; or the label of a group and its choices."""

CADENCES: Choices = [
    (Cadence.EVERY, _("Every issue")),
    (Cadence.SECOND, _("Every second issue")),
    (Cadence.MONTHLY, _("Once a month")),
]
_REGIONS = {
    "Africa": _("Africa"),
    "America": _("America"),
    "Antarctica": _("Antarctica"),
    "Arctic": _("Arctic"),
    "Asia": _("Asia"),
    "Atlantic": _("Atlantic Ocean"),
    "Australia": _("Australia"),
    "Europe": _("Europe"),
    "Indian": _("Indian Ocean"),
    "Pacific": _("Pacific Ocean"),
}


def topics() -> list[tuple[int, str]]:
    """The topics that can be chosen: number and name."""
    return list(Topic.objects.filter(retired=False).values_list("pk", "name"))


def languages(*others: str) -> Choices:
    """The languages that can be chosen, each named in itself; "" is the newsletter's.

    Args:
        others: BCP 47 tags that are offered too: the newsletter's own, and the person's as it is. "" is none.
    """
    more = {tag: tag for tag in others if tag and tag not in NAMES}
    return [("", _("Same as the newsletter")), *NAMES.items(), *more.items()]


def time_zones(current: str) -> Choices:
    """The time zones that can be chosen, by region; "" is the newsletter's.

    Args:
        current: the person's, which is offered even where the list has another name for it.
    """
    groups: Choices = [
        (label, zones) for region, label in _REGIONS.items() if (zones := _zones().get(region))
    ]
    known = current in ("", "UTC") or any(current == zone for zones in _zones().values() for zone, _ in zones)
    own: Choices = [] if known else [(current, current)]
    return [("", _("Same as the newsletter")), ("UTC", "UTC"), *own, *groups]


@cache
def _zones() -> dict[str, list[tuple[str, str]]]:
    """Name and place of each zone in the time zone database's own table (zone.tab), by region."""
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text()
    names = sorted(line.split("\t")[2] for line in table.splitlines() if line and not line.startswith("#"))
    zones: dict[str, list[tuple[str, str]]] = {}
    for name in names:
        region, _, place = name.partition("/")
        zones.setdefault(region, []).append((name, place.replace("/", ", ").replace("_", " ")))
    return zones
