"""The time zones that are offered where somebody names a moment."""

from functools import cache
from zoneinfo import available_timezones

_PARTS = frozenset(
    {"Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
)


def zones_offered(first: str) -> list[str]:
    """Their names, the newsletter's own before all others."""
    return [first, *(zone for zone in _zones() if zone != first)]


@cache
def _zones() -> tuple[str, ...]:
    places = sorted(zone for zone in available_timezones() if zone.partition("/")[0] in _PARTS)
    return ("UTC", *places)
