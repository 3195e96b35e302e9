from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from subscribers.importing.columns import Columns
from subscribers.importing.dialect import Dialect
from subscribers.importing.refusals import Note, Refusal


@dataclass(frozen=True)
class ImportSummary:
    """What became of a file. Every row of it is in exactly one of the parts (see `adds_up`).

    Blank lines and rows in which every cell is empty are no rows.

    Attributes:
        imported: new subscribers.
        merged_with_store: subscribers the store had, and of whom a field changed or who came on the list.
        unchanged: subscribers the store had, about whom the file says nothing new.
        duplicates_in_file: rows whose address stands in a later row too, and that were merged into it.
        refused: rows that were not imported, by reason.
        refused_path: where they are; None when there are none.
        subscribed: people who came on the list, new ones and known ones.
        kept_unsubscribed, kept_pending: people on the list who are that and stay so.
        suppressed: people who are stored, but get nothing, because their address is suppressed.
        notes: how many values were left out of rows that were not refused.
        unknown_topics: how often each was named; of a great many different ones, the first.
    """

    file: str
    dialect: Dialect
    columns: Columns
    rows: int
    imported: int
    merged_with_store: int
    unchanged: int
    duplicates_in_file: int
    refused: Mapping[Refusal, int]
    refused_path: Path | None
    subscribed: int
    kept_unsubscribed: int
    kept_pending: int
    suppressed: int
    notes: Mapping[Note, int]
    unknown_topics: Mapping[str, int]

    @property
    def refused_rows(self) -> int:
        return sum(self.refused.values())

    @property
    def adds_up(self) -> bool:
        """Whether rows = imported + merged with the store + unchanged + duplicates in the file + refused."""
        parts = self.imported + self.merged_with_store + self.unchanged + self.duplicates_in_file
        return self.rows == parts + self.refused_rows
