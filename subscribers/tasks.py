"""The store's tasks; when they run stands in the settings of the queue. Each is safe to run twice."""

import threading
from contextlib import suppress

from celery import shared_task
from celery.signals import worker_shutting_down

from subscribers import address_change
from subscribers.importing import CannotImport, dry_run, forget, steer
from subscribers.importing.carry_out import carry_out
from subscribers.importing.undo import undo
from subscribers.search.index import index_some
from subscribers.sign_up import expire

stopping = threading.Event()
"""Set once this worker was told to stop."""
EXPIRES = 30
"""Seconds after which a task that hands out an import is of no use: by then there is another."""


@worker_shutting_down.connect
def begin_nothing_new(**_: object) -> None:
    """An import is left to another worker after the chunk that is under way."""
    stopping.set()


@shared_task
def import_file(import_id: int) -> None:
    """Work on an import, unless somebody else does."""
    if not stopping.is_set():
        carry_out(import_id, go_on=lambda: not stopping.is_set())


@shared_task
def try_out_import(import_id: int) -> None:
    """Work on the dry run of an import that is not confirmed, unless somebody else does."""
    if not stopping.is_set():
        dry_run.try_out(import_id, go_on=lambda: not stopping.is_set())


@shared_task
def undo_import(import_id: int) -> None:
    """Undo an import that somebody wants undone, unless somebody else does."""
    if import_id in steer.to_undo():
        with suppress(CannotImport):  # somebody else has just begun
            undo(import_id)


@shared_task
def hand_out_imports() -> None:
    """Hand out the imports and dry runs that wait, the undoings, and those whose worker is gone."""
    for task, numbers in (
        (import_file, steer.due()),
        (try_out_import, dry_run.due()),
        (undo_import, steer.to_undo()),
    ):
        for number in numbers:
            task.apply_async((number,), expires=EXPIRES)


@shared_task
def forget_imports() -> None:
    """Delete what is kept of imports that are too old to be undone."""
    forget.forget_old()


@shared_task
def forget_address_changes() -> None:
    """Delete the address changes that can not be confirmed any more."""
    address_change.forget_old()


@shared_task
def index_search() -> None:
    """Bring the index of the search up to date, until nothing is left."""
    while index_some():
        pass


@shared_task
def forget_unconfirmed() -> None:
    """Delete what was typed into sign-up forms and never confirmed."""
    expire.forget_unconfirmed()
