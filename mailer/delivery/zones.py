"""The time zone that somebody's local time is taken from: their own, else their country's, else the newsletter's."""

from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo, available_timezones

# Where a country has several zones, the one that most of its people live in; the list of the time zone database
# orders them from west to east or the like. Countries with one zone stand in that list alone.
_MOST_PEOPLE = {
    "AR": "America/Argentina/Buenos_Aires",
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "CD": "Africa/Kinshasa",
    "CL": "America/Santiago",
    "CN": "Asia/Shanghai",
    "CY": "Asia/Nicosia",
    "DE": "Europe/Berlin",
    "EC": "America/Guayaquil",
    "ES": "Europe/Madrid",
    "FM": "Pacific/Pohnpei",
    "GL": "America/Nuuk",
    "ID": "Asia/Jakarta",
    "KI": "Pacific/Tarawa",
    "KZ": "Asia/Almaty",
    "MH": "Pacific/Majuro",
    "MN": "Asia/Ulaanbaatar",
    "MX": "America/Mexico_City",
    "MY": "Asia/Kuala_Lumpur",
    "NZ": "Pacific/Auckland",
    "PF": "Pacific/Tahiti",
    "PG": "Pacific/Port_Moresby",
    "PS": "Asia/Gaza",
    "PT": "Europe/Lisbon",
    "RU": "Europe/Moscow",
    "UA": "Europe/Kyiv",
    "US": "America/New_York",
    "UZ": "Asia/Tashkent",
}


def zone_of(time_zone: str, country: str, fallback: str) -> ZoneInfo:
    """The zone of a person.

    Args:
        time_zone: their own, an IANA name; "" or what is no zone counts as none.
        country: ISO 3166-1, two letters, or "".
        fallback: the newsletter's zone.
    """
    name = time_zone if time_zone in _zones() else _zone_of_country(country) or fallback
    return ZoneInfo(name)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def zones_of_countries() -> dict[str, str]:
    """The zone that counts for each country, by its two letters."""
    return {**_countries(), **_MOST_PEOPLE}


def _zone_of_country(country: str) -> str | None:
    return _MOST_PEOPLE.get(country) or _countries().get(country)


@cache
def _countries() -> dict[str, str]:
    """The first zone of each country in the time zone database's own table (zone.tab)."""
    zones: dict[str, str] = {}
    for line in (files("tzdata") / "zoneinfo" / "zone.tab").read_text().splitlines():
        if line and not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            zones.setdefault(country, zone)
    return zones
