"""The link check, when somebody asks for it."""

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views.decorators.http import require_POST

from mailer.issues.editing.drafted import drafted, shown
from mailer.issues.editing.link_check import check_links
from mailer.issues.editing.places import place_of
from mailer.issues.editing.read import read_document
from mailer.issues.models import Issue
from mailer.staff.access.needs import needs
from mailer.staff.body import body_of
from mailer.staff.builder.asked import answers_json
from mailer.staff.one_at_a_time import one_at_a_time
from subscribers.models import Topic

LOCK = 0x6C696E6B
"""Of PostgreSQL's advisory locks: a user checks links once at a time."""


@require_POST
@needs("issues.change_issue", Issue)
@one_at_a_time(LOCK)
@answers_json
def check(request: HttpRequest, issue: Issue) -> HttpResponseBase:
    """Ask for every link of the document that the page holds. Nothing is written."""
    document = read_document(body_of(request).get("document"))
    keys = shown(document)
    found = check_links(drafted(issue, document, dict(Topic.objects.values_list("pk", "name"))))
    return JsonResponse(
        [
            {
                "where": link.where,
                "field": place_of(link.where, keys).field,
                "line": place_of(link.where, keys).line,
                "url": link.url,
                "status": link.status,
                "detail": link.detail,
            }
            for link in found
        ],
        safe=False,
    )
