"""New issues: empty, from the last one, or a copy; and a second story like one that is there."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from mailer.issues.editing.create import copy_issue, new_issue
from mailer.issues.editing.duplicate import NoSuchStory, duplicate_story
from mailer.issues.models import Issue, Newsletter
from mailer.staff.access.needs import needs, wants_json
from mailer.staff.audit import ADDITION, record
from mailer.staff.body import body_of
from mailer.staff.builder.asked import answers_json, document_json, number

_ADD = "issues.add_issue"


@require_POST
@needs(_ADD)
def new(request: HttpRequest) -> HttpResponseBase:
    """Begin the next issue of the newsletter that the form names: like the last one, or empty."""
    newsletter = Newsletter.objects.filter(
        slug=request.POST.get("newsletter", "").replace("\x00", "")
    ).first()
    if newsletter is None:
        messages.warning(request, "There is no such newsletter any more. Begin the issue at one of these.")
        return redirect("staff:issues")
    if not request.user.has_perm(_ADD, newsletter):
        raise PermissionDenied
    issue = new_issue(newsletter, request.user, like_last=request.POST.get("like") != "empty")
    record(request.user, issue, "Began it.", ADDITION)
    return redirect("staff:issue", issue.pk)


@require_POST
@needs("issues.view_issue", Issue)
@answers_json
def duplicate(request: HttpRequest, issue: Issue) -> HttpResponseBase:
    """Copy the issue as the next one of its newsletter; or, where the JSON names a story, that story behind itself."""
    if request.content_type == "application/json" and "story" in (body := body_of(request)):
        return _duplicate_story(request, issue, number(body, "story"))
    if not request.user.has_perm(_ADD, issue.newsletter):
        raise PermissionDenied
    copy = copy_issue(issue, request.user)
    record(request.user, copy, f"Copied it from {issue}.", ADDITION)
    address = reverse("staff:issue", args=[copy.pk])
    return JsonResponse({"url": address}, status=201) if wants_json(request) else redirect(address)


def _duplicate_story(request: HttpRequest, issue: Issue, story: int) -> HttpResponseBase:
    if not request.user.has_perm("issues.change_issue", issue):
        raise PermissionDenied
    try:
        saved = duplicate_story(issue.pk, story, request.user)
    except NoSuchStory as error:
        return JsonResponse({"code": error.code, "message": str(error)}, status=404)
    record(request.user, issue, "Copied a story in it.")
    copied = next(iter(saved.ids.values()))
    return JsonResponse(
        {
            "revision": saved.revision,
            "story": copied,
            "document": document_json(saved.revision, saved.document),
        },
        status=201,
    )
