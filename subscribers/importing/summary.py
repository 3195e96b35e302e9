"""What became of a file, for whoever asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from subscribers.importing.dialect import Dialect
from subscribers.importing.refusals import Note, Refusal
from subscribers.models import Import


@dataclass(frozen=True)
class ImportSummary:
    """What became of a file. Every row of it is in exactly one of the parts (see `adds_up`).

    Blank lines and rows in which every cell is empty are no rows.

    Attributes:
        meanings: of its columns, see `columns.described`.
        rules: by field, where a merge does something else than to replace.
        imported: new subscribers.
        merged_with_store: subscribers the store had, and of whom a field changed, or who came on the list or left it.
        unchanged: subscribers the store had, about whom the file says nothing new.
        duplicates_in_file: rows whose address stands in an earlier row too, and that were merged with it.
        refused: rows that were not imported, by reason.
        refused_path, flagged_path: where they were written to; None when there are none, or nowhere was asked for.
        subscribed: people who came on the list, new ones and known ones, whatever their state on it.
        came_unsubscribed, came_pending: those of them who came as that.
        left: people who were on the list, and of whom the file says that they left it.
        kept_unsubscribed, kept_pending: people on the list who are that and stay so.
        suppressed: people who are stored, but get nothing, because their address is suppressed.
        changed_fields: how many known people had a field changed, by field.
        flagged: addresses that look odd, by `role` and `typo`.
        notes: how many values were left out of rows that were not refused.
        unknown_topics: how often each was named; of a great many different ones, the first.
    """

    file: str
    dialect: Dialect
    meanings: Mapping[str, Any]
    rules: Mapping[str, str]
    rows: int
    imported: int
    merged_with_store: int
    unchanged: int
    duplicates_in_file: int
    refused: Mapping[Refusal, int]
    subscribed: int
    came_unsubscribed: int
    came_pending: int
    left: int
    kept_unsubscribed: int
    kept_pending: int
    suppressed: int
    changed_fields: Mapping[str, int]
    flagged: Mapping[str, int]
    notes: Mapping[Note, int]
    unknown_topics: Mapping[str, int]
    refused_path: Path | None = None
    flagged_path: Path | None = None

    @property
    def refused_rows(self) -> int:
        return sum(self.refused.values())

    @property
    def adds_up(self) -> bool:
        """Whether rows = imported + merged with the store + unchanged + duplicates in the file + refused."""
        parts = self.imported + self.merged_with_store + self.unchanged + self.duplicates_in_file
        return self.rows == parts + self.refused_rows


_OF_PEOPLE = (
    "imported",
    "merged_with_store",
    "unchanged",
    "subscribed",
    "came_unsubscribed",
    "came_pending",
    "left",
    "kept_unsubscribed",
    "kept_pending",
    "suppressed",
)
"""What tally.py counts of people, by its names there and here."""


def summary_of(
    stored: Import, *, refused_path: Path | None = None, flagged_path: Path | None = None
) -> ImportSummary:
    """The summary of an import that is done."""
    counts = stored.counts
    people = counts["people"]
    refused = {Refusal[name]: count for name, count in counts.get("refused", {}).items()}
    rows = counts.get("rows", 0)
    return ImportSummary(
        file=stored.name,
        dialect=Dialect(**stored.dialect),
        meanings=stored.meanings,
        rules=stored.rules,
        rows=rows,
        duplicates_in_file=rows - sum(refused.values()) - people,
        refused=refused,
        **{name: counts[name] for name in _OF_PEOPLE},
        changed_fields=counts["changed_fields"],
        flagged=counts.get("flagged", {}),
        notes={Note[name]: count for name, count in counts.get("notes", {}).items()},
        unknown_topics=counts.get("unknown_topics", {}),
        refused_path=refused_path,
        flagged_path=flagged_path,
    )
