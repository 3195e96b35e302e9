"""What pages show of an import: its state, figures and reasons, in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from mailer.staff.access.scope import visible
from subscribers.importing.dialect import Dialect
from subscribers.importing.summary import ImportSummary, summary_of
from subscribers.models import Import, ImportState

SHOWN_TOPICS = 10
ENOUGH = 3.0
"""Seconds that somebody must have watched before the time that is left can be told."""


@dataclass(frozen=True)
class Figure:
    """A number with what it counts; `help` says more."""

    count: int
    says: str
    help: str = ""


@dataclass(frozen=True)
class Picture:
    """The figures of an import that is done, or of a dry run.

    Attributes:
        main: new, changed, unchanged people, and refused rows.
        out: who is stored or known, and gets nothing.
        refused: by reason; odd: addresses that look so; notes: values that were left out.
    """

    rows: int
    duplicates: int
    main: tuple[Figure, ...]
    out: tuple[Figure, ...]
    refused: tuple[Figure, ...]
    odd: tuple[Figure, ...]
    notes: tuple[Figure, ...]
    fields: tuple[Figure, ...]
    topics: tuple[tuple[str, int], ...]
    subscribed: int

    @property
    def refused_rows(self) -> int:
        return sum(figure.count for figure in self.refused)


def picture_of(stored: Import, counts: dict[str, Any] | None = None) -> Picture:
    """
    Args:
        counts: of a dry run; None: those of the import itself.
    """
    if counts is not None:
        stored = Import(
            name=stored.name,
            dialect=stored.dialect,
            meanings=stored.meanings,
            rules=stored.rules,
            counts=counts,
        )
    summary = summary_of(stored)
    topics = sorted(summary.unknown_topics.items(), key=lambda each: (-each[1], each[0]))[:SHOWN_TOPICS]
    return Picture(
        rows=summary.rows,
        duplicates=summary.duplicates_in_file,
        main=(
            Figure(summary.imported, "new people"),
            Figure(
                summary.merged_with_store, "known people changed", "Merged with what the store knows of them"
            ),
            Figure(summary.unchanged, "known people unchanged", "The file says nothing new about them"),
            Figure(summary.refused_rows, "rows refused"),
        ),
        out=_filled(_staying_out(summary)),
        refused=tuple(Figure(count, reason.value) for reason, count in summary.refused.items()),
        odd=_filled(
            (
                Figure(summary.flagged.get("typo", 0), "look like a slip, such as gmial.com"),
                Figure(summary.flagged.get("role", 0), "are of a role, such as info@"),
            )
        ),
        notes=tuple(Figure(count, note.value) for note, count in summary.notes.items()),
        fields=_filled(
            Figure(count, field.replace("_", " ")) for field, count in summary.changed_fields.items()
        ),
        topics=tuple(topics),
        subscribed=summary.subscribed,
    )


def _staying_out(summary: ImportSummary) -> tuple[Figure, ...]:
    return (
        Figure(summary.kept_unsubscribed, "left the list before, and stay off it"),
        Figure(summary.left, "are on the list now, and leave it, because the file says that they left"),
        Figure(summary.came_unsubscribed, "come as unsubscribed, because the file says that they left"),
        Figure(summary.suppressed, "have an address that is suppressed"),
        Figure(summary.kept_pending, "have not confirmed their sign-up, and still have to"),
        Figure(summary.came_pending, "come as not confirmed, because the file says so"),
    )


def _filled(figures: Iterable[Figure]) -> tuple[Figure, ...]:
    return tuple(figure for figure in figures if figure.count)


def written(stored: Import) -> str:
    """How a file is written: its format, encoding and delimiter."""
    dialect = Dialect(**stored.dialect)
    known = stored.meanings.get("format")
    return f"{known}, {dialect}" if known else str(dialect)


@dataclass(frozen=True)
class Progress:
    """How far something is. `percent` is a whole number; `left` says how long it still takes, "" before that is known.

    `watched` is what the next look has to know of the first one.
    """

    percent: int
    left: str
    watched: str


def progress_of(position: int, size: int, watched: str) -> Progress:
    """
    Args:
        position, size: bytes done, and in all.
        watched: of the look before; "" at the first.
    """
    now = timezone.now().timestamp()
    percent = min(100, position * 100 // size) if size else 0
    try:
        began, at = map(float, watched.split("-"))
    except ValueError:
        began, at = float(position), now
    done, seconds = position - began, now - at
    if done < 0:  # it was begun anew
        began, at, done = float(position), now, 0
    known = done > 0 and seconds >= ENOUGH
    left = _span((size - position) * seconds / done) if known else ""
    return Progress(percent, left, f"{began:.0f}-{at:.1f}")


def _span(seconds: float) -> str:
    if seconds < 60:
        return "less than a minute left"
    minutes = round(seconds / 60)
    return f"about {minutes} minute{'s' if minutes > 1 else ''} left"


def waiting_drafts(user: Any, besides: Import | None = None) -> QuerySet[Import]:
    """What was uploaded and is not confirmed yet, of what somebody may see; the newest first."""
    drafts = Import.objects.filter(state=ImportState.DRAFT).select_related("mailing_list")
    if besides:
        drafts = drafts.exclude(pk=besides.pk)
    seen: QuerySet[Import] = visible(user, "subscribers.view_import", drafts)
    return seen.order_by("-id")[:20]
