"""A page of the web becomes a story: for the builder, which speaks JSON, and for the form of the backlog."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from mailer.issues.backlog.capture import Captured, CaptureError, capture
from mailer.issues.editing.document import story_json
from mailer.issues.editing.rows import story_of
from mailer.issues.models import Newsletter, Story
from mailer.staff.access.needs import needs
from mailer.staff.audit import ADDITION, record
from mailer.staff.backlog.addresses import to_backlog
from mailer.staff.body import NotUnderstood, body_of, text_in

RIGHT = "issues.add_story"
LONGEST = 2000
"""Characters of an address that are shown again."""


@require_POST
@needs(RIGHT, Newsletter)
def capture_json(request: HttpRequest, newsletter: Newsletter) -> JsonResponse:
    """{"url"} → 201 {"story", "notes", "there"}; 422 {"message"} where the page gives none."""
    try:
        captured = _capture(request, newsletter, text_in(body_of(request), "url"))
    except (NotUnderstood, CaptureError) as error:
        return JsonResponse({"code": error.code, "message": str(error)}, status=422)
    return JsonResponse(
        {"story": in_backlog(captured.story), "notes": captured.notes, "there": captured.there}, status=201
    )


@require_POST
@needs(RIGHT, Newsletter)
def capture_form(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    """Go on to the story, which is looked at before it is used."""
    url = request.POST.get("url", "")
    try:
        captured = _capture(request, newsletter, url)
    except CaptureError as error:
        messages.error(request, str(error))
        return redirect(to_backlog(newsletter, url=url[:LONGEST]))
    if not captured.there:
        messages.success(request, "The page is a story of the backlog now.")
    for note in captured.notes:
        messages.warning(request, note)
    return redirect("staff:backlog-story", captured.story.pk)


def _capture(request: HttpRequest, newsletter: Newsletter, url: str) -> Captured:
    captured = capture(newsletter, url, request.user)
    if not captured.there:
        record(request.user, captured.story, "Took it from a page of the web.", ADDITION)
    return captured


def in_backlog(story: Story) -> dict[str, Any]:
    """A story of the backlog as the builder takes it."""
    return {**story_json(story_of(story)), "created_at": story.created_at, "feed": ""}
