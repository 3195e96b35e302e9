"""The third step: what the import would do, tried out by a worker, and the confirmation."""

from contextlib import suppress
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe
from kombu.exceptions import OperationalError as QueueError

from mailer.staff.access.needs import needs
from mailer.staff.audit import record
from mailer.staff.imports.shown import picture_of, progress_of, waiting_drafts
from mailer.staff.page import page
from subscribers.importing import CannotImport, dry_run
from subscribers.models import DryRun, DryRunState, Import, ImportPart, ImportState
from subscribers.tasks import try_out_import


@require_http_methods(["GET", "HEAD", "POST"])
@needs("subscribers.change_import", Import)
def check(request: HttpRequest, stored: Import) -> HttpResponse:
    """What the import would do. Posted, it is tried out again."""
    if stored.state != ImportState.DRAFT:
        return redirect("staff:import", stored.pk)
    if not stored.meanings:
        return redirect("staff:import-columns", stored.pk)
    if request.method == "POST":
        ask_anew(stored)
        record(request.user, stored, "Asked for a dry run.")
        return redirect("staff:import-check", stored.pk)
    run = DryRun.objects.filter(of=stored).first()
    shown = _shown(request, stored, run)
    if run and run.state == DryRunState.DONE:
        shown["picture"] = picture_of(stored, run.counts)
        shown["examples"] = dry_run.examples_of(stored, ImportPart.Kind.WOULD_REFUSE)
        shown["drafts"] = waiting_drafts(request.user, besides=stored)
    return page(request, "staff/imports/check.html", f"Import of {stored.name}", **shown)


@require_safe
@needs("subscribers.change_import", Import)
def live(request: HttpRequest, stored: Import) -> HttpResponse:
    """How far the dry run is; once it has ended, the page is asked for anew."""
    run = DryRun.objects.filter(of=stored).first()
    response = render(request, "staff/imports/trying.html", _shown(request, stored, run))
    if run is None or run.state not in dry_run.UNDER_WAY:
        response["HX-Refresh"] = "true"
    return response


def ask_anew(stored: Import) -> None:
    """Have a draft tried out by a worker; where it was confirmed meanwhile nothing happens."""
    with suppress(CannotImport):
        dry_run.ask(stored.pk)
        with suppress(QueueError):  # beat hands it out once the queue is back
            try_out_import.delay(stored.pk)


def _shown(request: HttpRequest, stored: Import, run: DryRun | None) -> dict[str, Any]:
    progress = progress_of(run.position, stored.size, request.GET.get("watched", "")) if run else None
    return {"stored": stored, "run": run, "progress": progress}
