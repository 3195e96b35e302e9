"""The builder's page, and the document it starts from."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from mailer.issues.editing.locks import why_locked
from mailer.issues.editing.rows import document_of
from mailer.issues.editing.who import name_of
from mailer.issues.models import Issue
from mailer.staff.access.needs import needs
from mailer.staff.builder.asked import document_json
from mailer.staff.page import page
from subscribers.models import Topic

_ADDRESSES = (
    "document",
    "save",
    "preview",
    "presence",
    "backlog",
    "people",
    "versions",
    "links",
    "duplicate",
)


@require_safe
@needs("issues.view_issue", Issue)
def builder(request: HttpRequest, issue: Issue) -> HttpResponse:
    """The page in which an issue is written."""
    locked = why_locked(issue)
    return page(
        request,
        "staff/builder/page.html",
        f"{issue.newsletter} {issue.number}",
        issue=issue,
        newsletter=issue.newsletter,
        locked=locked,
        may_change=request.user.has_perm("issues.change_issue", issue),
        document=document_json(issue.revision, document_of(issue)),
        settings=_settings(request, issue, locked),
    )


@require_safe
@needs("issues.view_issue", Issue)
def document(request: HttpRequest, issue: Issue) -> JsonResponse:
    """The document as it is now."""
    return JsonResponse(
        {
            **document_json(issue.revision, document_of(issue)),
            "edited_by": name_of(issue.edited_by),
            "edited_at": issue.edited_at,
        }
    )


def _settings(request: HttpRequest, issue: Issue, locked: str | None) -> dict[str, Any]:
    """What the page's script needs to know beside the document."""
    newsletter = issue.newsletter
    return {
        "urls": {name: reverse(f"staff:issue-{name}", args=[issue.pk]) for name in _ADDRESSES}
        | {"issues": reverse("staff:issues")},
        "topics": [
            {"id": topic.pk, "name": topic.name, "retired": topic.retired} for topic in Topic.objects.all()
        ],
        "newsletter": {
            "name": newsletter.name,
            "slug": newsletter.slug,
            "from_name": newsletter.from_name,
            "language": newsletter.language,
            "website": newsletter.website,
        },
        "may_change": request.user.has_perm("issues.change_issue", issue) and locked is None,
        "locked": locked,
        "user": {"id": request.user.pk, "name": name_of(request.user)},
        "edited_by": name_of(issue.edited_by),
        "edited_at": issue.edited_at,
    }
