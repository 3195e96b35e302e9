"""In whose name the public pages and letters of a mailing list speak, and how they look.

The store knows lists and no newsletters: whoever knows them registers here (see mailer/issues/apps.py).
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Brand:
    """A publication as its readers know it.

    Attributes:
        language: BCP 47, of its pages and letters.
        colour: as #0f5c6e.
        logo, website: a URL, or "".
    """

    name: str
    tagline: str
    language: str
    colour: str
    logo: str
    website: str
    postal_address: str


Lookup = Callable[[int], Brand | None]
_lookups: list[Lookup] = []


def register(lookup: Lookup) -> None:
    """Have `lookup` asked for the brand of a mailing list, by the list's number; it answers None for none."""
    if lookup not in _lookups:
        _lookups.append(lookup)


def brand_of(mailing_list_id: int) -> Brand | None:
    """The brand of a list; None where nothing is published to it."""
    return next((found for lookup in _lookups if (found := lookup(mailing_list_id))), None)
