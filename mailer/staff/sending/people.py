"""Who is behind a number of a send, page by page, and why somebody gets it or does not."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet, Value
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from mailer.delivery.forecast.dry_run import forecast
from mailer.delivery.forecast.explain import explain_among
from mailer.delivery.forecast.foreseen import Foreseen
from mailer.delivery.forecast.listing import NEW, OUT, group_of
from mailer.delivery.forecast.wording import WORDS
from mailer.delivery.models import Send
from mailer.issues.models import Issue
from mailer.staff.access.needs import needs
from mailer.staff.access.scope import lists_where, visible
from mailer.staff.numbers import number
from mailer.staff.sending.answers import fragment, trouble
from mailer.staff.sending.looking import TROUBLE, look, look_at_send
from mailer.staff.sending.wanted import read_wanted
from subscribers.models import Subscriber

ON_A_PAGE = 25
FARTHEST = 400
"""Pages: whoever wants all of them takes a file, with mailer plan --list or mailer people."""
SEE = "subscribers.view_subscriber"


def may_list(user: Any, issue: Issue, send: Send | None = None) -> bool:
    """Whether somebody may see the people that an issue goes to.

    Args:
        send: one that there is, whose list may be another than its newsletter has now.
    """
    mailing_list = issue.newsletter.mailing_list if send is None else send.mailing_list
    return bool(user.has_perm(SEE, mailing_list))


@require_safe
@needs("delivery.add_send", Issue)
def people_of_issue(request: HttpRequest, issue: Issue) -> HttpResponse:
    """One page of a group (?group=unsubscribed&page=2) of the send as the fields say."""
    return _people(request, issue, reverse("staff:send-people", args=[issue.pk]))


@require_safe
@needs("delivery.add_send", Issue)
def why_of_issue(request: HttpRequest, issue: Issue) -> HttpResponse:
    """Why an address (?address=) gets the send as the fields say, or does not."""
    return _why(request, issue)


@require_safe
@needs("delivery.view_send", Send)
def people_of_send(request: HttpRequest, send: Send) -> HttpResponse:
    """One page of a group of a send that there is."""
    return _people(request, send.issue, reverse("staff:sent-people", args=[send.pk]), send)


@require_safe
@needs("delivery.view_send", Send)
def why_of_send(request: HttpRequest, send: Send) -> HttpResponse:
    """Why an address got a send that there is, or did not."""
    return _why(request, send.issue, send)


def _people(request: HttpRequest, issue: Issue, address: str, send: Send | None = None) -> HttpResponse:
    _check(request, issue, send)
    page = min(number(request.GET.get("page")) or 1, FARTHEST)
    name = request.GET.get("group", "")
    try:
        with _looked(request, issue, send, "people") as who:
            group = group_of(who, forecast(who, places=False, beside=name in (NEW, OUT)), name)
            with closing(group.people):
                start = (page - 1) * ON_A_PAGE
                people = list(islice(group.people, start, start + ON_A_PAGE))
    except TROUBLE as error:
        return trouble(request, error, "#people")
    return fragment(
        request,
        "people",
        people=people,
        count=group.count,
        group=name,
        title=_title(name),
        first=start + 1,
        last=start + len(people),
        before=page - 1,
        after=page + 1 if start + len(people) < group.count and page < FARTHEST else 0,
        address=address,
    )


def _why(request: HttpRequest, issue: Issue, send: Send | None = None) -> HttpResponse:
    _check(request, issue, send)
    address = request.GET.get("address", "").strip()
    if not address:
        return fragment(request, "why")
    if lists_where(request.user, SEE) is not None and not people_at(request.user, address).exists():
        return fragment(request, "why", unseen=address)  # whether others know them is not told
    try:
        with _looked(request, issue, send, "why") as who:
            said = explain_among(who, address[:320])
    except TROUBLE as error:
        return trouble(request, error, "#why")
    return fragment(request, "why", said=said)


def people_at(user: Any, address: str) -> QuerySet[Subscriber]:
    """The person with an address, where somebody may see them; case does not matter."""
    written = address.strip().replace("\0", "\ufffd")
    found = Subscriber.objects.alias(key=Lower("email")).filter(key=Lower(Value(written)))
    return visible(user, SEE, found)


@contextmanager
def _looked(request: HttpRequest, issue: Issue, send: Send | None, what: str) -> Iterator[Foreseen]:
    if send is not None:
        with look_at_send(request.user, send, what) as who:
            yield who
        return
    with look(request.user, issue, read_wanted(issue, request.GET), what) as who:
        yield who


def _check(request: HttpRequest, issue: Issue, send: Send | None) -> None:
    if not may_list(request.user, issue, send):
        raise PermissionDenied


def _title(group: str) -> str:
    if group in (NEW, OUT):
        return "New in this send" if group == NEW else "Fell out since the last send"
    return f"Edition {group}" if group.isdecimal() else WORDS.get(group, group).capitalize()
