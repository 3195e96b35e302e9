"""The list of imports, and one that was confirmed: how far it is, or what it did."""

import json
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from mailer.staff.access.needs import needs
from mailer.staff.access.scope import visible
from mailer.staff.imports.shown import picture_of, progress_of, waiting_drafts, written
from mailer.staff.page import page
from subscribers.importing import steer
from subscribers.importing.dry_run import examples_of
from subscribers.models import Import, ImportPart, ImportState
from subscribers.segments.rule import VERSION

PER_PAGE = 30
MOVING = (*steer.UNDER_WAY, ImportState.UNDOING)
"""States in which a worker has it."""


@require_safe
@needs("subscribers.view_import")
def imports(request: HttpRequest) -> HttpResponse:
    """All imports of the lists that somebody may see, the newest first."""
    rows: QuerySet[Import] = visible(
        request.user, "subscribers.view_import", Import.objects.select_related("mailing_list")
    )
    found = Paginator(rows.order_by("-id"), PER_PAGE).get_page(request.GET.get("page"))
    may_import = request.user.has_perm("subscribers.import_subscriber")
    return page(request, "staff/imports/list.html", "Imports", found=found, may_import=may_import)


@require_safe
@needs("subscribers.view_import", Import)
def one(request: HttpRequest, stored: Import) -> HttpResponse:
    """A draft leads to where it stands; of any other, how far it is, or what it did."""
    if stored.state == ImportState.DRAFT:
        tried = hasattr(stored, "dry_run")
        return redirect("staff:import-check" if tried else "staff:import-columns", stored.pk)
    shown = _shown(request, stored)
    if "people" in stored.counts:
        shown["picture"] = picture_of(stored)
    kept = set(stored.parts.filter(number__gt=0).values_list("kind", flat=True).distinct())
    if ImportPart.Kind.REFUSED in kept:
        shown["examples"] = examples_of(stored, ImportPart.Kind.REFUSED)
    return page(
        request,
        "staff/imports/one.html",
        f"Import of {stored.name}",
        **shown,
        written=written(stored),
        has_refused=ImportPart.Kind.REFUSED in kept,
        has_flagged=ImportPart.Kind.FLAGGED in kept,
        drafts=waiting_drafts(request.user),
        segment_url=_segment_url(request, stored),
    )


@require_safe
@needs("subscribers.view_import", Import)
def live(request: HttpRequest, stored: Import) -> HttpResponse:
    """How far an import is; once its state is another, the page is asked for anew."""
    response = render(request, "staff/imports/moving.html", _shown(request, stored))
    if stored.state not in MOVING:
        response["HX-Refresh"] = "true"
    return response


def _segment_url(request: HttpRequest, stored: Import) -> str:
    """The builder of segments with those whom the import brought to the list; "" for who may make none."""
    if not request.user.has_perm("subscribers.add_segment"):
        return ""
    rule = {
        "version": VERSION,
        "all": [{"list": stored.mailing_list.slug, "source": {"is": stored.name}}],
    }
    return f"{reverse('staff:segment-new')}?{urlencode({'rule': json.dumps(rule)})}"


def _shown(request: HttpRequest, stored: Import) -> dict[str, Any]:
    position, size = stored.position, stored.size
    if stored.state == ImportState.UNDOING:
        # As far as its journal is used up. People are counted at the end of an import that came to one.
        left = stored.journal.count()
        size = max(stored.counts.get("people", left), left)
        position = size - left
    return {
        "stored": stored,
        "progress": progress_of(position, size, request.GET.get("watched", "")),
        "moving": stored.state in MOVING,
        "may_stop": stored.state in steer.UNDER_WAY,
        "may_resume": stored.state in (ImportState.STOPPED, ImportState.FAILED),
        "may_undo": stored.state in (ImportState.STOPPED, ImportState.FAILED, ImportState.DONE),
    }
