"""SendGrid's suppression lists at the emulator: filled, looked at."""

import json
import time
from collections.abc import Iterable
from urllib.parse import quote
from urllib.request import Request, urlopen

from mailer.emulator.config import LOCAL_API_KEY
from tests.inbox import Inbox

NOW = int(time.time())


def listed(inbox: Inbox, name: str, *emails: str, created: int = NOW - 3600, reason: str = "") -> None:
    """Put addresses on a list."""
    entries(inbox, ({"kind": name, "email": email, "created": created, "reason": reason} for email in emails))


def entries(inbox: Inbox, given: Iterable[dict[str, object]]) -> None:
    """Put entries on lists."""
    inbox.call("POST", "suppressions", {"entries": list(given)})


def shown(inbox: Inbox, name: str) -> set[str]:
    """The addresses on a list, by SendGrid's own API; of its first page."""
    request = Request(
        f"{inbox.url}/v3/suppression/{quote(name)}", headers={"Authorization": f"Bearer {LOCAL_API_KEY}"}
    )
    with urlopen(request, timeout=30) as answer:
        return {entry["email"] for entry in json.load(answer)}
