"""The audit log as CSV, line by line: it may be long."""

import csv
from collections.abc import Iterator

from django.contrib.admin.models import LogEntry
from django.db.models import QuerySet

from subscribers.spreadsheet import BYTE_ORDER_MARK, defuse

COLUMNS = ("at", "who", "what", "said", "about", "kind_of_thing", "number")
AT_ONCE = 2_000
"""Rows that are fetched at once."""


class _Line:
    """A file that gives back what is written into it."""

    def write(self, text: str) -> str:
        return text


def as_csv(found: QuerySet[LogEntry]) -> Iterator[str]:
    """Lines (RFC 4180), times in UTC as ISO 8601. Cells that a spreadsheet would run as formulas are defused."""
    writer = csv.writer(_Line())
    yield BYTE_ORDER_MARK + writer.writerow(COLUMNS)
    for entry in found.iterator(chunk_size=AT_ONCE):
        yield writer.writerow(
            [
                entry.action_time.isoformat(timespec="seconds"),
                *map(
                    defuse,
                    (
                        entry.user.get_username(),
                        entry.get_action_flag_display(),
                        entry.get_change_message(),
                        entry.object_repr,
                        entry.content_type.name if entry.content_type else "",
                        entry.object_id or "",
                    ),
                ),
            ]
        )
