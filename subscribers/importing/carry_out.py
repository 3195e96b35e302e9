"""The act: a kept file read, cleaned and merged, chunk by chunk, in constant memory; whoever does it may die any time.

Each chunk is one transaction, which also moves the import's mark on. While the database merges one, a thread reads
and cleans the next.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import structlog
from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from psycopg import OperationalError as DriverError
from psycopg.errors import DeadlockDetected, UniqueViolation

from subscribers.importing.ahead import ahead
from subscribers.importing.chunks import ROWS, Chunk, Table
from subscribers.importing.dialect import Dialect
from subscribers.importing.errors import CannotImport
from subscribers.importing.lock import held
from subscribers.importing.merge import Overtaken, merge
from subscribers.importing.parts import file_of, keep_rows
from subscribers.importing.rows import cleaner
from subscribers.importing.steer import UNDER_WAY
from subscribers.importing.tally import tally
from subscribers.importing.topics import matcher
from subscribers.models import Import, ImportPart, ImportState, Topic
from subscribers.privacy import erased

log = structlog.get_logger()

MOST_ATTEMPTS = 5
"""Workers that may be lost at the same chunk before it is thought to be the chunk's fault."""

MOST_TRIALS = 5
"""Of a chunk, in the middle of which others write the same rows."""

Progress = Callable[[int, int], None]


class Stopped(Exception):
    """Somebody stopped the import. What was not committed yet is rolled back."""


class ErasedMeanwhile(Exception):
    """Somebody in a chunk was erased after it was cleaned. It is rolled back, and has to be cleaned anew."""


def carry_out(
    import_id: int,
    *,
    progress: Progress = lambda done, total: None,
    go_on: Callable[[], bool] = lambda: True,
    rows: int = ROWS,
) -> bool:
    """Work on an import until it is done or stopped, from where it is.

    Args:
        progress: told the bytes that are dealt with and the bytes in all, after each chunk.
        go_on: asked after each chunk; when it says no, the rest is left to the next worker.
        rows: in a chunk.
    Returns: False when there is nothing to do, or somebody else does it.
    Raises:
        CannotImport: it cannot be gone on with; its state says so then.
    """
    with held(import_id) as is_held:
        if not is_held or not _begin(import_id):
            return False
        stored = Import.objects.select_related("mailing_list").get(pk=import_id)
        try:
            if stored.attempts > MOST_ATTEMPTS:
                raise CannotImport(
                    "lost_again_and_again",
                    f"{MOST_ATTEMPTS} workers were lost one after the other after row {stored.rows_read:,}. "
                    "See their logs before it is resumed.",
                )
            if _merge_all(stored, progress, go_on, rows):
                _finish(stored)
        except Stopped:
            log.info("import_stopped", id=import_id)
        except (OperationalError, InterfaceError, DriverError):
            # The database is away: whoever works on it next goes on, once it is back.
            raise
        except Exception as error:
            _fail(stored, error)
            raise
    return True


def _begin(import_id: int) -> bool:
    return (
        Import.objects.filter(pk=import_id, state__in=UNDER_WAY).update(
            state=ImportState.RUNNING, attempts=F("attempts") + 1, error=""
        )
        == 1
    )


def _merge_all(stored: Import, progress: Progress, go_on: Callable[[], bool], rows: int) -> bool:
    """Returns: whether nothing is left to merge."""
    while True:
        try:
            return _merge_rest(stored, progress, go_on, rows)
        except ErasedMeanwhile:
            log.info("import_cleans_anew", id=stored.pk)


def _merge_rest(stored: Import, progress: Progress, go_on: Callable[[], bool], rows: int) -> bool:
    """Merge what is not merged yet.

    Returns: whether nothing is left.
    Raises:
        ErasedMeanwhile: a row is of somebody who was erased since this began.
    """
    with file_of(stored) as file:
        table = Table(file, Dialect(**stored.dialect), stored.name, stored.mapping)
        topics = Topic.objects.filter(retired=False).values_list("id", "slug", "name")
        erasures = erased.known()  # before the matcher: one in between is looked for once more
        clean = cleaner(table.columns, matcher(topics), erased.matcher())
        with ahead(table.chunks(clean, after=stored.rows_read, size=rows)) as chunks:
            for chunk in chunks:
                _merge_patiently(stored, chunk, erasures)
                progress(min(stored.position, stored.size), stored.size)
                if not go_on():
                    return False
        table.close()
    return True


def _merge_patiently(stored: Import, chunk: Chunk, erasures: int) -> None:
    """Merge a chunk, again where somebody signed up or changed something in the middle of it.

    Args, Raises: as for _merge_one.
    """
    for trial in range(MOST_TRIALS):
        try:
            _merge_one(stored, chunk, erasures)
            return
        except (Overtaken, IntegrityError, OperationalError) as error:
            overtaken = isinstance(error, Overtaken) or isinstance(
                error.__cause__, UniqueViolation | DeadlockDetected
            )
            if not overtaken or trial + 1 == MOST_TRIALS:
                raise


def _merge_one(stored: Import, chunk: Chunk, erasures: int) -> None:
    """
    Args:
        erasures: how many there were when the chunk was cleaned (see erased.known).
    Raises:
        Stopped: somebody stopped it; then nothing of the chunk is merged.
        ErasedMeanwhile: one of its people was erased since; then neither.
    """
    counts = _added(stored.counts, chunk)
    with transaction.atomic(), connection.cursor() as cursor:
        if chunk.staged:
            merge(
                cursor,
                chunk,
                import_id=stored.pk,
                mailing_list_id=stored.mailing_list_id,
                source=stored.name,
                rules=stored.rules,
            )
            # Under the lock of the merge, for which erasures wait: none can come after this look.
            _refuse_erased(chunk, erasures)
        for kind, text in (
            (ImportPart.Kind.REFUSED, chunk.refused),
            (ImportPart.Kind.FLAGGED, chunk.flagged),
        ):
            if text:
                keep_rows(stored.pk, kind, chunk.rows_read, text)
        moved = Import.objects.filter(pk=stored.pk, state=ImportState.RUNNING).update(
            rows_read=chunk.rows_read, position=chunk.position, counts=counts, attempts=1, moved_at=Now()
        )
        if not moved:
            raise Stopped
    stored.counts, stored.rows_read, stored.position = counts, chunk.rows_read, chunk.position


def _refuse_erased(chunk: Chunk, erasures: int) -> None:
    """Raises ErasedMeanwhile where there are more erasures by now, and one of them is of somebody in the chunk."""
    if erased.known() == erasures:
        return
    is_erased = erased.matcher()
    if any(is_erased(row.split("\t", 2)[1]) for row in chunk.staged.split("\n") if row):
        raise ErasedMeanwhile


def _added(counts: dict[str, Any], chunk: Chunk) -> dict[str, Any]:
    """The counts of the chunks so far and of this one."""
    by_what = {
        "refused": chunk.reasons,
        "notes": chunk.notes,
        "flagged": chunk.odd,
        "unknown_topics": chunk.unknown_topics,
    }
    added = {name: dict(Counter(counts.get(name, {})) + more) for name, more in by_what.items()}
    return {"rows": counts.get("rows", 0) + chunk.rows, **added}


def _finish(stored: Import) -> None:
    """Count what became of it, and let go of the file."""
    with transaction.atomic(), connection.cursor() as cursor:
        # What is asked next, the plan of a send perhaps, would be planned for the tables as they were.
        cursor.execute("ANALYZE subscribers_subscriber, subscribers_subscription, subscribers_importedrow")
        counts = {**stored.counts, **tally(cursor, stored)}
        done = Import.objects.filter(pk=stored.pk, state=ImportState.RUNNING).update(
            state=ImportState.DONE, counts=counts, position=F("size"), finished_at=Now(), moved_at=Now()
        )
        if not done:
            raise Stopped
        stored.parts.filter(kind=ImportPart.Kind.FILE).delete()
    log.info("import_done", id=stored.pk, rows=stored.rows_read)


def _fail(stored: Import, error: Exception) -> None:
    why = str(error) if isinstance(error, CannotImport) else f"{type(error).__name__}, see the log"
    Import.objects.filter(pk=stored.pk, state=ImportState.RUNNING).update(
        state=ImportState.FAILED, error=why, finished_at=Now()
    )
    log.error("import_failed", id=stored.pk, error=type(error).__name__)
