"""How figures are written, in the terminal and on the page alike."""

import re
from datetime import datetime

from mailer.delivery.forecast import wording

NOTHING = "–"
_UTM = re.compile(r"(?<=[?&])utm_[a-z]+=[^&#]*&?")
_ENDS = re.compile(r"[?&](?=#|$)")
_TAG = re.compile(r"""\{\{(?:[^{}]*\bor\s*(["'])(?P<default>[^"'{}]*)\1\s*|[^{}]*)\}\}""")


def people(number: int) -> str:
    """A number of people: 20,000."""
    return f"{number:,}"


def percent(share: float | None) -> str:
    """A share from 0 to 1 in per cent, small ones more exactly: 97.3 %, 0.04 %. A dash for None."""
    if share is None:
        return NOTHING
    digits = 1 if share == 0 or share >= 0.01 else 2 if share >= 0.0005 else 3
    return f"{share * 100:.{digits}f} %"


def moment(at: datetime | None) -> str:
    """A time in the installation's time zone: 2 March 2026, 09:00 UTC. A dash for None."""
    return NOTHING if at is None else wording.moment(at)


def coordinate(value: float) -> str:
    """A number in a drawing, as text: a template would write it in the language of the installation."""
    return f"{value:.3f}".rstrip("0").rstrip(".")


def for_nobody(text: str) -> str:
    """A subject as it reads for nobody in particular: merge tags are their defaults, or an ellipsis."""
    return _TAG.sub(lambda tag: tag["default"] or "…", text)


def address(url: str) -> str:
    """The address of a link as people know it: without UTM parameters and what all addresses begin with."""
    return _ENDS.sub("", _UTM.sub("", url)).removeprefix("https://")
