"""Test mails: a panel for other pages."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from mailer.delivery.errors import DeliveryError
from mailer.delivery.testing.addresses import read_addresses
from mailer.delivery.testing.errors import BadTestMail
from mailer.delivery.testing.limit import count_test
from mailer.delivery.testing.post import Came, TestOutcome, send_test
from mailer.delivery.testing.seen_as import SeenAs, a_person, an_example, with_topics
from mailer.issues.builder.content import BuildError
from mailer.issues.models import Issue
from mailer.staff.access.needs import needs
from mailer.staff.audit import record
from mailer.staff.numbers import number
from mailer.staff.sending.answers import fragment, is_htmx, reasons, say
from mailer.staff.sending.people import SEE, people_at
from subscribers.models import Subscriber, Topic
from subscribers.search.find import find

RIGHT = "delivery.change_send"
"""Whoever steers sends, editors and approvers, may test them."""
OFFERED = 12


@require_safe
@needs("issues.view_issue", Issue)
def panel(request: HttpRequest, issue: Issue) -> HttpResponse:
    """The form, for other pages to include."""
    return _panel(request, issue)


@require_safe
@needs("issues.view_issue", Issue)
def people(request: HttpRequest, issue: Issue) -> HttpResponse:
    """People of the newsletter's list that a text (?person=) may mean, as options of the form."""
    if not request.user.has_perm(SEE, issue.newsletter.mailing_list):
        raise PermissionDenied
    text = request.GET.get("person", "").strip()
    ids = find(text, OFFERED, mailing_list_id=issue.newsletter.mailing_list_id).ids if len(text) > 1 else []
    found = Subscriber.objects.in_bulk(ids)
    return fragment(request, "person_options", people=[found[pk] for pk in ids if pk in found])


@require_POST
@needs(RIGHT, Issue)
def send(request: HttpRequest, issue: Issue) -> HttpResponse:
    """Send a test, and say what came of it."""
    try:
        reader = _reader(request, issue)
        addresses = read_addresses(_addresses(request, issue))
        count_test(str(request.user.pk))
        outcome = send_test(issue, reader, addresses)
    except (DeliveryError, BuildError) as error:
        if is_htmx(request):
            return _panel(request, issue, wrong=reasons(error))
        say(request, error)
        return redirect("staff:issue", issue.pk)
    record(request.user, issue, _said(outcome, reader))
    return _panel(request, issue, outcome=outcome, came_well=outcome.came is Came.ACCEPTED)


def _panel(request: HttpRequest, issue: Issue, **shown: Any) -> HttpResponse:
    newsletter = issue.newsletter
    kept = request.POST
    shown = {"wrong": [], "outcome": None, **shown}
    return fragment(
        request,
        "test_panel",
        issue=issue,
        newsletter=newsletter,
        may_test=request.user.has_perm(RIGHT, issue),
        may_see_people=request.user.has_perm(SEE, newsletter.mailing_list),
        lists=newsletter.test_lists.all(),
        topics=Topic.objects.filter(stories__issue=issue).distinct().order_by("name"),
        mine=_email(request.user),
        kept={
            "to": kept.get("to", "me"),
            "addresses": kept.get("addresses", ""),
            "list": kept.get("list", ""),
            "as": kept.get("as", "example"),
            "topics": kept.getlist("topics"),
            "person": kept.get("person", ""),
        },
        **shown,
    )


def _reader(request: HttpRequest, issue: Issue) -> SeenAs:
    match request.POST.get("as"):
        case "topics":
            topics = map(number, request.POST.getlist("topics"))
            chosen = [topic for topic in topics if topic is not None]
            if not chosen:
                raise BadTestMail("Choose at least one topic, or send the test as an example reader.")
            return with_topics(chosen)
        case "person":
            return a_person(_person(request, issue))
    return an_example()


def _person(request: HttpRequest, issue: Issue) -> Subscriber:
    """Somebody whom the one who tests may see."""
    address = request.POST.get("person", "").strip()
    found = people_at(request.user, address).first() if address else None
    if found is None:
        raise BadTestMail(
            f"Nobody on the list has the address “{address}”. Choose one of those that are offered."
        )
    return found


def _addresses(request: HttpRequest, issue: Issue) -> str:
    match request.POST.get("to"):
        case "list":
            chosen = issue.newsletter.test_lists.filter(pk=number(request.POST.get("list")) or 0).first()
            if chosen is None:
                raise BadTestMail("Choose a test list. It may have been deleted this moment.")
            return " ".join(chosen.addresses)
        case "typed":
            return request.POST.get("addresses", "")
    mine = _email(request.user)
    if not mine:
        raise BadTestMail("Your account has no e-mail address: enter it first, or type one here.")
    return mine


def _email(user: AbstractBaseUser | Any) -> str:
    return str(getattr(user, "email", ""))


def _said(outcome: TestOutcome, reader: SeenAs) -> str:
    """For the audit log, which keeps no address that somebody may have to be forgotten by."""
    count = len(outcome.to) + len(outcome.refused)
    went = f"{count} address{'' if count == 1 else 'es'}"
    return f"Sent a test as {reader.says} sees it to {went}: {outcome.came.value.replace('_', ' ')}."
