"""The pages of submissions of unknown outcome: what is known of each, and a person's decision about one.

Beside evidence that arrives by itself this is the only way out of "unknown", so a decision is kept with who, when and
why, and one that may double mail has to be confirmed by the number of people it may reach twice.
"""

import re
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from mailer.delivery.models import Submission
from mailer.delivery.settle import accept, release
from mailer.delivery.unknown import known, unknown
from mailer.staff.access.scope import visible
from mailer.staff.admin.base import ModelAdmin
from mailer.staff.audit import record

ON_A_PAGE = 20
LIST = "admin:delivery_submission_unknown"


class DecisionForm(forms.Form):
    """A person's decision about a submission to so many people."""

    decision = forms.ChoiceField(
        choices=[("accepted", "SendGrid took it"), ("send_again", "SendGrid did not take it")],
        error_messages={"required": "Say what became of it."},
    )
    because = forms.CharField(
        max_length=2000, error_messages={"required": "Say how you know. It is kept with your name."}
    )
    people = forms.CharField(max_length=20, required=False)

    def __init__(self, *args: Any, size: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.size = size

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = self.cleaned_data
        typed = re.sub(r"[\s,.'’]", "", given.get("people", ""))
        if given.get("decision") == "send_again" and typed != str(self.size):
            self.add_error(
                "people",
                f"Sending again may reach {self.size:,} people twice: type that number to say that you know.",
            )
        return given


class UnknownPages(ModelAdmin):
    """The two pages, for the admin of submissions."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("unknown/", view(self.unknown_page), name="delivery_submission_unknown"),
            path("unknown/<uuid:submission_id>/", view(self.settle_page), name="delivery_submission_settle"),
            *super().get_urls(),
        ]

    def unknown_page(self, request: HttpRequest) -> HttpResponse:
        """Every unknown submission with its evidence, oldest first. Answers 403 to who may not see submissions."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        seen = visible(request.user, "delivery.view_submission", unknown())
        page = Paginator(seen, ON_A_PAGE).get_page(request.GET.get("page"))
        shown = {"page": page, "found": known(page.object_list), "may_settle": may_settle(request)}
        return self._answer(request, "staff/unknown.html", "Unknown submissions", shown)

    def settle_page(self, request: HttpRequest, submission_id: UUID) -> HttpResponse:
        """One unknown submission, and the form that decides about it. Answers 403 to who may not change submissions."""
        submission = get_object_or_404(Submission, pk=submission_id)
        if not may_settle(request, submission):
            raise PermissionDenied
        found = known(unknown().filter(pk=submission_id))
        if not found:
            messages.warning(request, _settled(submission))
            return redirect(LIST)
        form = DecisionForm(request.POST or None, size=submission.size)
        if request.method == "POST" and form.is_valid():
            self._decide(request, submission, **form.cleaned_data)
            return redirect(LIST)
        shown = {"known": found[0], "form": form}
        return self._answer(request, "staff/settle.html", "What became of it?", shown)

    def _decide(
        self, request: HttpRequest, submission: Submission, decision: str, because: str, people: str
    ) -> None:
        who = request.user.get_username()
        if decision == "accepted":
            done, said = accept([submission.pk], because, who) == 1, "It counts as accepted."
        else:
            done, said = release(submission.pk, because, who), _goes_again(submission)
        if done:
            record(request.user, submission, f"{said} Because: {because}")
            messages.success(request, said)
        else:
            submission.refresh_from_db()
            messages.warning(request, _settled(submission))

    def _answer(
        self, request: HttpRequest, template: str, title: str, shown: dict[str, Any]
    ) -> TemplateResponse:
        context = {**self.admin_site.each_context(request), "title": title, **shown}
        return TemplateResponse(request, template, context)


def may_settle(request: HttpRequest, submission: Submission | None = None) -> bool:
    """Whether who asks may decide about an unknown submission, or else about some."""
    return request.user.has_perm("delivery.change_submission", submission)


def _goes_again(submission: Submission) -> str:
    send = submission.batch.send
    if send is None:
        return "It goes again."
    if send.cancelled_at:
        return "It counts as not accepted. It does not go again, because the send is cancelled."
    return "It goes again when the send is resumed." if send.paused_at else "It goes again."


def _settled(submission: Submission) -> str:
    """What to tell somebody who wants to decide what is decided."""
    outcome = submission.get_outcome_display() or "under way"
    by = submission.decided_by or submission.evidence or "SendGrid's answer"
    at = f" at {timezone.localtime(submission.settled_at):%d %b %H:%M:%S}" if submission.settled_at else ""
    return f"It is not unknown any more: {outcome}, settled by {by}{at}. You changed nothing."
