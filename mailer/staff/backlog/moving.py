"""What is done with several stories of the backlog at once: put them into an issue, delete them."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from mailer.issues.backlog.listing import chosen
from mailer.issues.backlog.move import new_issue_with, put_into
from mailer.issues.editing.locks import Locked
from mailer.issues.editing.read import Invalid
from mailer.issues.models import Newsletter, Story
from mailer.staff.access.needs import needs
from mailer.staff.audit import ADDITION, DELETION, record
from mailer.staff.backlog.addresses import to_backlog
from mailer.staff.numbers import number
from mailer.staff.page import page

NEW = "new"
"""In place of the number of an issue: one that is begun."""


@require_POST
@needs("issues.change_story", Newsletter)
def move(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    """Put the chosen stories into an issue, or into a new one, and go there."""
    stories, into = _chosen(request, newsletter), request.POST.get("issue", "")
    if not stories:
        return _nothing(request, newsletter)
    issue = newsletter.issues.filter(pk=number(into) or 0).first()
    if issue is None and into != NEW:
        messages.error(request, "Nothing was moved: choose an issue.")
        return redirect(to_backlog(newsletter))
    right, where = ("issues.change_issue", issue) if issue else ("issues.add_issue", newsletter)
    if not request.user.has_perm(right, where):
        raise PermissionDenied
    try:
        if issue:
            put_into(issue, stories, request.user)
            record(request.user, issue, f"Put {_count(stories)} of the backlog into it.")
        else:
            issue = new_issue_with(newsletter, stories, request.user)
            record(request.user, issue, f"Began it with {_count(stories)} of the backlog.", ADDITION)
    except Locked as error:
        messages.error(request, f"Nothing was moved. {error}")
    except Invalid as error:
        messages.error(request, f"Nothing was moved. {' '.join(each.message for each in error.errors)}")
    else:
        return redirect("staff:issue", issue.pk)
    return redirect(to_backlog(newsletter))


@require_POST
@needs("issues.delete_story", Newsletter)
def delete(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    """Delete the chosen stories once somebody has seen which they are, and said so."""
    stories = _chosen(request, newsletter)
    if not stories:
        return _nothing(request, newsletter)
    if not request.POST.get("sure"):
        return page(
            request,
            "staff/backlog/delete.html",
            "Delete stories",
            newsletter=newsletter,
            stories=stories,
            backlog_url=to_backlog(newsletter),
        )
    with transaction.atomic():
        for story in stories:
            record(request.user, story, "Deleted it from the backlog.", DELETION)
        # One that was moved into an issue meanwhile stays.
        newsletter.backlog.filter(issue=None, pk__in=[story.pk for story in stories]).delete()
    messages.success(request, f"{_count(stories).capitalize()} deleted.")
    return redirect(to_backlog(newsletter))


def _chosen(request: HttpRequest, newsletter: Newsletter) -> list[Story]:
    numbers = (number(written) for written in request.POST.getlist("story"))
    return chosen(newsletter, (each for each in numbers if each is not None))


def _nothing(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    messages.warning(request, "No story was chosen: tick some first.")
    return redirect(to_backlog(newsletter))


def _count(stories: list[Story]) -> str:
    return "1 story" if len(stories) == 1 else f"{len(stories):,} stories"
