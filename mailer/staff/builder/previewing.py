"""The preview: what somebody would get of what is being written, and the people it can be looked at as."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views.decorators.http import require_POST, require_safe

from mailer.delivery.requests import SUBSCRIBER_FIELDS
from mailer.delivery.testing.seen_as import a_person
from mailer.issues.editing.preview import Preview, Reader, Remark, preview
from mailer.issues.editing.read import read_document
from mailer.issues.models import Issue
from mailer.issues.preview import example_reader
from mailer.staff.access.needs import needs
from mailer.staff.access.scope import visible
from mailer.staff.body import NotUnderstood, body_of
from mailer.staff.builder.asked import answers_json, number, numbers
from mailer.staff.one_at_a_time import one_at_a_time
from subscribers.models import Subscriber, Topic
from subscribers.search.find import find

LOCK = 0x70726576
"""Of PostgreSQL's advisory locks: a user has one preview at a time."""
MOST_PEOPLE = 12
"""Offered at once for a preview."""
_SEE_PEOPLE = "subscribers.view_subscriber"


@require_POST
@needs("issues.view_issue", Issue)
@one_at_a_time(LOCK)
@answers_json
def preview_document(request: HttpRequest, issue: Issue) -> HttpResponseBase:
    """Build the document that the page holds, for whom it names. Nothing is written."""
    body = body_of(request)
    document = read_document(body.get("document"))
    seen = preview(issue, document, _reader(request, body.get("as")))
    newsletter = issue.newsletter
    return JsonResponse(_shown(seen, f"{newsletter.from_name} <{newsletter.from_email}>"))


@require_safe
@needs("issues.view_issue", Issue)
def people(request: HttpRequest, issue: Issue) -> JsonResponse:
    """People on the newsletter's list whose address or name holds a text, to look at the issue as one of them."""
    if not request.user.has_perm(_SEE_PEOPLE, issue.newsletter.mailing_list):
        raise PermissionDenied
    list_id = issue.newsletter.mailing_list_id
    found = find(request.GET.get("q", ""), MOST_PEOPLE, mailing_list_id=list_id).ids
    topics = dict(Topic.objects.values_list("pk", "name"))
    rows = Subscriber.objects.in_bulk(found)
    there = [rows[pk] for pk in found if pk in rows]
    return JsonResponse(
        [
            {
                "id": person.pk,
                "label": " · ".join(
                    part for part in (f"{person.first_name} {person.last_name}".strip(), person.email) if part
                ),
                "topics": [topics[topic] for topic in person.topic_ids if topic in topics],
            }
            for person in there
        ],
        safe=False,
    )


def _reader(request: HttpRequest, whom: Any) -> Reader:
    """Whom the page names to look at the issue as.

    Raises:
        NotUnderstood: nobody.
        PermissionDenied: somebody whom the one who looks may not see.
    """
    example = example_reader()
    match whom if isinstance(whom, dict) else {"kind": "example"}:
        case {"kind": "example"}:
            return Reader(example)
        case {"kind": "everyone"}:
            nameless = {**dict.fromkeys(SUBSCRIBER_FIELDS, ""), "attributes": {}}
            return Reader({**example, "subscriber": nameless})
        case {"kind": "topics"}:
            return Reader(example, numbers(whom, "topics"))
        case {"kind": "person"}:
            people = visible(request.user, _SEE_PEOPLE, Subscriber.objects.all())
            person = people.filter(pk=number(whom, "person")).first()
            if person is None:
                raise PermissionDenied
            return Reader(a_person(person).recipient, frozenset(person.topic_ids))
    raise NotUnderstood("Say whom the preview is for: reload the page.")


def _shown(seen: Preview, sender: str) -> dict[str, Any]:
    mail = seen.mail
    return {
        "subject": mail.subject if mail else None,
        "preheader": mail.preheader if mail else "",
        "from": sender,
        "html": mail.html if mail else None,
        "text": mail.text if mail else None,
        "size": seen.size,
        "links": seen.links,
        "stories": seen.stories,
        "excluded": seen.excluded,
        "findings": [_remark(remark) for remark in seen.findings],
        "errors": [_remark(remark) for remark in seen.errors],
    }


def _remark(remark: Remark) -> dict[str, Any]:
    return {
        "level": remark.level,
        "code": remark.code,
        "message": remark.message,
        "where": remark.where,
        "field": remark.place.field,
        "line": remark.place.line,
    }
