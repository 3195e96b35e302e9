"""Saving as somebody types, and who else is there."""

from dataclasses import asdict
from datetime import timedelta

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from mailer.issues.editing.presence import meet
from mailer.issues.editing.read import read_document
from mailer.issues.editing.save import Wanted, save
from mailer.issues.editing.who import name_of
from mailer.issues.models import Issue
from mailer.staff.access.needs import needs
from mailer.staff.audit import record
from mailer.staff.body import body_of
from mailer.staff.builder.asked import answers_json, document_json, number, numbers, text

WROTE = "Wrote on it."
ONE_SITTING = timedelta(minutes=10)
"""Saves within it are one entry of the audit log; each has a version of its own all the same."""
_CLIENT = 40


@require_POST
@needs("issues.change_issue", Issue)
@answers_json
def save_document(request: HttpRequest, issue: Issue) -> HttpResponseBase:
    """Save the document that the page holds."""
    body = body_of(request)
    wanted = Wanted(
        base=number(body, "base"),
        document=read_document(body.get("document")),
        backlog=numbers(body, "backlog"),
        client=text(body, "client", _CLIENT),
    )
    saved = save(issue.pk, wanted, request.user)
    if saved.changed:
        _record(request, issue)
    return JsonResponse(
        {
            "revision": saved.revision,
            "ids": saved.ids,
            "merged": document_json(saved.revision, saved.document) if saved.merged else None,
            "saved_at": saved.at,
        }
    )


@require_POST
@needs("issues.view_issue", Issue)
@answers_json
def presence(request: HttpRequest, issue: Issue) -> HttpResponseBase:
    """Say where somebody is, and hear who else is there and what the newest revision is."""
    body = body_of(request)
    field = text(body, "field", 120) or None
    others = meet(issue.pk, request.user.pk or 0, name_of(request.user), field, text(body, "client", _CLIENT))
    return JsonResponse(
        {
            "others": [asdict(somebody) for somebody in others],
            "revision": issue.revision,
            "edited_by": name_of(issue.edited_by),
        }
    )


def _record(request: HttpRequest, issue: Issue) -> None:
    """One entry for all that somebody writes in a sitting."""
    lately = LogEntry.objects.filter(
        user=request.user.pk,
        content_type=ContentType.objects.get_for_model(Issue),
        object_id=str(issue.pk),
        change_message=WROTE,
        action_time__gt=timezone.now() - ONE_SITTING,
    )
    if not lately.exists():
        record(request.user, issue, WROTE)
