"""Which opens and clicks are a program's, as far as one event alone tells."""

from collections.abc import Mapping
from typing import Any


def machine_rule(kind: str, payload: Mapping[str, Any]) -> str:
    """The rule by which an open or a click is a program's; "" for a person's, and for every other event."""
    if kind == "open" and payload.get("sg_machine_open") in (True, "true"):
        return "flag"
    return ""
