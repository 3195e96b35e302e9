"""A dry run of a draft by a worker: all of it is done, counted, and rolled back.

Meanwhile other imports wait, and whoever changes something about people that it would change. How far it is, is written
over a connection of its own: nobody sees what a transaction does before it ends.
"""

import csv
import io
import secrets
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections, transaction
from django.db.models import F
from django.db.models.functions import Now
from psycopg import OperationalError as DriverError

from subscribers.importing.carry_out import carry_out
from subscribers.importing.draft import forget_dry_run, forget_rows
from subscribers.importing.errors import CannotImport
from subscribers.importing.lock import held, held_ones
from subscribers.importing.parts import lines_of
from subscribers.models import DryRun, DryRunState, Import, ImportPartKind, ImportState
from subscribers.spreadsheet import undefuse

log = structlog.get_logger()

UNDER_WAY = (DryRunState.WAITING, DryRunState.RUNNING)
MOST_ATTEMPTS = 3
SHOWN_EXAMPLES = 3
"""Refused rows of each reason."""
MOST_LOOKED_AT = 20_000
"""Refused rows, of which examples are taken."""
KEPT = {
    ImportPartKind.REFUSED: ImportPartKind.WOULD_REFUSE,
    ImportPartKind.FLAGGED: ImportPartKind.WOULD_FLAG,
}


class _Unwanted(Exception):
    """The draft was changed, confirmed or discarded meanwhile."""


@transaction.atomic
def ask(import_id: int) -> None:
    """Have a draft tried out, from the beginning.

    Raises:
        CannotImport: it is no draft, or nobody said which of its columns holds addresses.
    """
    draft = Import.objects.select_for_update().filter(pk=import_id, state=ImportState.DRAFT).first()
    if draft is None:
        raise CannotImport("no_draft", f"Import {import_id} is confirmed already: nothing is left to try.")
    if not draft.meanings:
        raise CannotImport("no_email_column", "Say first which column holds the addresses.")
    forget_dry_run(import_id)
    DryRun.objects.create(of=draft, number=secrets.randbelow(2**31))


def due() -> list[int]:
    """The drafts whose dry run waits for a worker, or whose worker is gone; the oldest first."""
    waiting = DryRun.objects.filter(state__in=UNDER_WAY).order_by("of").values_list("of", flat=True)
    held_now = held_ones()
    return [import_id for import_id in waiting if import_id not in held_now]


def try_out(import_id: int, *, go_on: Callable[[], bool] = lambda: True) -> None:
    """Work on the dry run of a draft, unless somebody else does.

    Args:
        go_on: asked after each chunk; when it says no, all of it is left to another worker.
    """
    with held(import_id) as is_held:
        runs = DryRun.objects.filter(of=import_id, state__in=UNDER_WAY)
        if not is_held or not runs.update(state=DryRunState.RUNNING, attempts=F("attempts") + 1, position=0):
            return
        run = DryRun.objects.get(of=import_id)
        if run.attempts > MOST_ATTEMPTS:
            _end(run, DryRunState.FAILED, error="Its workers were lost again and again. See their logs.")
            return
        try:
            with closing(Beside(run)) as beside:
                counts = _rolled_back(run, beside, go_on)
            if counts is None:
                DryRun.objects.filter(of=import_id, number=run.number).update(
                    state=DryRunState.WAITING, attempts=0
                )
                return
            _end(run, DryRunState.DONE, counts=counts)
        except _Unwanted:
            forget_rows(import_id)
        except CannotImport as error:
            _end(run, DryRunState.FAILED, error=str(error))
        except (OperationalError, InterfaceError, DriverError):
            # The database is away: whoever works on it next begins anew, once it is back.
            raise
        except Exception as error:
            _end(run, DryRunState.FAILED, error=f"{type(error).__name__}, see the log")
            raise


def _rolled_back(run: DryRun, beside: "Beside", go_on: Callable[[], bool]) -> dict[str, Any] | None:
    """Returns: what an import would count; None where it was not finished."""
    with transaction.atomic():
        if not Import.objects.filter(pk=run.of_id, state=ImportState.DRAFT).update(state=ImportState.WAITING):
            raise _Unwanted
        carry_out(
            run.of_id,
            progress=lambda done, total: beside.tell(done),
            go_on=lambda: beside.is_wanted and go_on(),
        )
        if not beside.is_wanted:
            raise _Unwanted
        done = Import.objects.get(pk=run.of_id)
        if done.state == ImportState.DONE:
            for kind, kept_as in KEPT.items():
                _keep_rows(done, kind, kept_as, beside)
        transaction.set_rollback(True)
    return done.counts if done.state == ImportState.DONE else None


def _keep_rows(done: Import, kind: ImportPartKind, kept_as: ImportPartKind, beside: "Beside") -> None:
    """Keep the refused or flagged rows, which will be gone with the transaction; nothing where there is but the header."""
    parts = done.parts.filter(kind=kind).order_by("number")
    if parts.filter(number__gt=0).exists():
        for number in list(parts.values_list("number", flat=True)):
            beside.keep(kept_as, number, bytes(parts.values_list("content", flat=True).get(number=number)))


def _end(run: DryRun, state: DryRunState, *, counts: dict[str, Any] | None = None, error: str = "") -> None:
    DryRun.objects.filter(of=run.of_id, number=run.number).update(
        state=state, counts=counts or {}, error=error, finished_at=Now()
    )
    log.info("dry_run_ended", id=run.of_id, state=state.value)


class Beside:
    """What is written while the dry run's own transaction is open."""

    def __init__(self, run: DryRun) -> None:
        self._run = run
        self.is_wanted = True
        self._connection = connections.create_connection(DEFAULT_DB_ALIAS)
        self._connection.inc_thread_sharing()

    def tell(self, position: int) -> None:
        """Say how far it is, and look whether anybody still wants it."""
        with self._connection.cursor() as cursor:
            cursor.execute(
                "UPDATE subscribers_dryrun SET position = %s WHERE of_id = %s AND number = %s",
                [position, self._run.of_id, self._run.number],
            )
            self.is_wanted = cursor.rowcount == 1

    def keep(self, kind: ImportPartKind, number: int, content: bytes) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO subscribers_importpart (part_of_id, kind, number, content) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (part_of_id, kind, number) DO UPDATE SET content = excluded.content",
                [self._run.of_id, kind.value, number, content],
            )

    def close(self) -> None:
        self._connection.close()


@dataclass(frozen=True)
class Example:
    """A refused row: the line where it stands, the reason in full, and its filled cells."""

    line: str
    reason: str
    cells: str


def examples_of(stored: Import, kind: ImportPartKind) -> dict[str, list[Example]]:
    """Refused rows of an import or a dry run, the first of each reason; reasons as refusals.Refusal words them."""
    found: dict[str, list[Example]] = defaultdict(list)
    looked_at = 0
    for content in lines_of(stored, kind):
        text = content.decode("utf-8-sig", "replace")
        for row in csv.reader(io.StringIO(text, newline="")):
            looked_at += 1
            if len(row) < 2 or row[0] == "line":
                continue
            reason = row[1].partition(":")[0]
            if len(found[reason]) < SHOWN_EXAMPLES:
                cells = " · ".join(undefuse(cell)[:80] for cell in row[2:8] if cell.strip())
                found[reason].append(Example(row[0], row[1], cells))
        if looked_at > MOST_LOOKED_AT:
            break
    return dict(found)
