"""The reader that previews are made for: a person like any other, whose links lead nowhere."""

from typing import Any

from django.conf import settings


def example_reader() -> dict[str, Any]:
    """A recipient as merge tags see one."""
    nowhere = f"{settings.PUBLIC_URL}/#preview"
    return {
        "subscriber": {
            "email": "ada@example.org",
            "first_name": "Ada",
            "last_name": "Lovelace",
            "language": "en",
            "time_zone": "Europe/London",
            "country": "GB",
            "attributes": {},
        },
        "links": {"unsubscribe": nowhere, "preferences": nowhere, "view": nowhere},
    }
