"""Stopping an import, and letting it go on; what waits for a worker."""

from django.db.models.functions import Now

from subscribers.importing.errors import CannotImport
from subscribers.importing.lock import held_ones
from subscribers.models import Import, ImportState

UNDER_WAY = (ImportState.WAITING, ImportState.RUNNING)
"""States of an import that somebody works on, or is to."""


def find(import_id: int) -> Import:
    """
    Raises:
        CannotImport: there is none of that number.
    """
    stored = Import.objects.select_related("mailing_list").filter(pk=import_id).first()
    if stored is None:
        raise CannotImport("unknown_import", f"There is no import {import_id}. `mailer imports` lists them.")
    return stored


def stop(import_id: int) -> None:
    """Stop an import: the chunk that is under way is rolled back, what was merged before stays.

    Raises:
        CannotImport: it is not under way.
    """
    if not Import.objects.filter(pk=import_id, state__in=UNDER_WAY).update(
        state=ImportState.STOPPED, finished_at=Now()
    ):
        raise CannotImport(
            "not_under_way",
            f"Import {import_id} {find(import_id).get_state_display()}: there is nothing to stop.",
        )


def resume(import_id: int) -> None:
    """Let an import go on, from where it was stopped or failed.

    Raises:
        CannotImport: it is neither.
    """
    ended = (ImportState.STOPPED, ImportState.FAILED)
    if not Import.objects.filter(pk=import_id, state__in=ended).update(
        state=ImportState.WAITING, attempts=0, error="", finished_at=None
    ):
        raise CannotImport(
            "not_stopped",
            f"Import {import_id} {find(import_id).get_state_display()}: there is nothing to resume.",
        )


def to_undo() -> list[int]:
    """The imports that are to be undone, and that nobody works on; the oldest first."""
    undoing = Import.objects.filter(state=ImportState.UNDOING).order_by("id").values_list("id", flat=True)
    held = held_ones()
    return [import_id for import_id in undoing if import_id not in held]


def due() -> list[int]:
    """The imports that wait for a worker, or whose worker is gone; the oldest first."""
    waiting = Import.objects.filter(state__in=UNDER_WAY).order_by("id").values_list("id", flat=True)
    held = held_ones()
    return [import_id for import_id in waiting if import_id not in held]
