"""What stands beside an issue while it is written: the backlog's stories."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from mailer.issues.backlog.listing import backlog_of
from mailer.issues.editing.document import story_json
from mailer.issues.editing.rows import story_of
from mailer.issues.models import Issue
from mailer.staff.access.needs import needs
from mailer.staff.numbers import number

ON_A_PAGE = 20


@require_safe
@needs("issues.view_issue", Issue)
def backlog(request: HttpRequest, issue: Issue) -> JsonResponse:
    """The stories that wait in the backlog of the issue's newsletter, newest first: ?q= words, ?topic= id, ?page=."""
    stories = backlog_of(
        issue.newsletter, words=request.GET.get("q", ""), topic=number(request.GET.get("topic"))
    )
    shown = Paginator(stories, ON_A_PAGE).get_page(request.GET.get("page"))
    return JsonResponse(
        {
            "stories": [_shown(story) for story in shown],
            "page": shown.number,
            "pages": shown.paginator.num_pages,
            "count": shown.paginator.count,
        }
    )


def _shown(story: Any) -> dict[str, Any]:
    return {**story_json(story_of(story)), "created_at": story.created_at, "feed": story.feed_title}
