"""Confirming an import, stopping it, letting it go on, discarding and undoing it."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST
from kombu.exceptions import OperationalError as QueueError

from mailer.staff.access.needs import needs
from mailer.staff.audit import CHANGE, DELETION, record
from mailer.staff.page import page
from subscribers.importing import CannotImport, draft, steer
from subscribers.importing.undo import begin
from subscribers.importing.undo_ahead import ahead_of
from subscribers.models import Import, ImportState
from subscribers.tasks import import_file, undo_import


@require_POST
@needs("subscribers.change_import", Import)
def go(request: HttpRequest, stored: Import) -> HttpResponse:
    """Import a file that was tried out, once somebody said that its people agreed to get mail."""
    if stored.state != ImportState.DRAFT:  # clicked twice
        return redirect("staff:import", stored.pk)
    if request.POST.get("agreed") != "yes":
        messages.error(request, "Nothing was imported: say first that these people agreed to get this list.")
        return redirect("staff:import-check", stored.pk)
    by, tried = request.user.get_username(), request.POST.get("tried", "")
    said = f"Confirmed the import to {stored.mailing_list.name}, and that its people agreed to get it."
    if _done(request, stored, said, lambda: draft.confirm(stored.pk, by, tried)):
        _hand_out(import_file, stored)
    return redirect("staff:import", stored.pk)


@require_POST
@needs("subscribers.change_import", Import)
def stop(request: HttpRequest, stored: Import) -> HttpResponse:
    """Stop an import that is under way. What was imported before stays."""
    _done(request, stored, "Stopped the import.", lambda: steer.stop(stored.pk))
    return redirect("staff:import", stored.pk)


@require_POST
@needs("subscribers.change_import", Import)
def resume(request: HttpRequest, stored: Import) -> HttpResponse:
    """Let an import go on that was stopped, or failed."""
    if _done(request, stored, "Let the import go on.", lambda: steer.resume(stored.pk)):
        _hand_out(import_file, stored)
    return redirect("staff:import", stored.pk)


@require_POST
@needs("subscribers.change_import", Import)
def discard(request: HttpRequest, stored: Import) -> HttpResponse:
    """Delete a draft, with its file."""
    said = "Discarded the file. Nothing of it was imported."
    _done(request, stored, said, lambda: draft.discard(stored.pk), DELETION)
    return redirect("staff:imports")


@require_http_methods(["GET", "HEAD", "POST"])
@needs("subscribers.change_import", Import)
def undo(request: HttpRequest, stored: Import) -> HttpResponse:
    """Show what undoing would do; posted, it is done by a worker."""
    if request.method != "POST":
        title = f"Undo the import of {stored.name}"
        return page(request, "staff/imports/undo.html", title, stored=stored, ahead=ahead_of(stored))
    by = request.user.get_username()
    if _done(request, stored, "Asked for the import to be undone.", lambda: begin(stored.pk, by)):
        _hand_out(undo_import, stored)
    return redirect("staff:import", stored.pk)


def _done(
    request: HttpRequest, stored: Import, said: str, act: Callable[[], Any], kind: int = CHANGE
) -> bool:
    """Do it and write it down, or tell why it cannot be done."""
    try:
        with transaction.atomic():
            record(request.user, stored, said, kind)
            act()
    except CannotImport as error:
        messages.error(request, str(error))
        return False
    return True


def _hand_out(task: Any, stored: Import) -> None:
    with suppress(QueueError):  # beat hands it out once the queue is back
        task.delay(stored.pk)
