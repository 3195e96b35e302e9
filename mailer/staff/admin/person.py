"""The pages of one person: all that is known of them, and the two things they may ask for, their data and to be erased.

Who may see people sees the first; the others want a right of their own, a reason, and a second look, and are kept with
name and reason.
"""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from mailer.staff.access.scope import lists_where, visible
from mailer.staff.admin.base import ModelAdmin
from mailer.staff.audit import record
from mailer.staff.people.known import facts_for
from subscribers.models import Consent, LetterKind, Subscriber
from subscribers.person.sections import Fact, facts_of, sections
from subscribers.person.timeline import moments_of
from subscribers.person.wording import told
from subscribers.privacy.erase import erase
from subscribers.privacy.export import FORMATS, file_name
from subscribers.sparingly import ask_sparingly

OWN_PLACE = ("profile", "subscriptions", "preferences", "consent", "issues")
"""Sections that the page shows in a way of their own."""
LEFT_OUT = ("events",)
"""There may be thousands, and what they say stands in what happened to the issues."""
EXPORT = "subscribers.export_subscriber"
MOMENTS = 40
"""Of the timeline, the newest, which the page shows; the others have a page of their own."""


class ReasonForm(forms.Form):
    """Why somebody of the staff does it."""

    reason = forms.CharField(
        max_length=500, error_messages={"required": "Say why. It is kept with your name."}
    )


class ExportForm(ReasonForm):
    """Which file they want, or that the person is to be mailed the link."""

    wanted = forms.ChoiceField(choices=[(each, each) for each in (*FORMATS, "mail")])


class ErasureForm(ReasonForm):
    """An erasure has to be meant."""

    sure = forms.BooleanField(
        error_messages={"required": "Nothing was erased: tick the box that says that it is for good."}
    )


class PersonPages(ModelAdmin):
    """The pages, for the admin of subscribers."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:number>/facts/", view(self.facts_page), name="subscribers_subscriber_facts"),
            path("<int:number>/timeline/", view(self.timeline_page), name="subscribers_subscriber_timeline"),
            path("<int:number>/export/", view(self.export_page), name="subscribers_subscriber_export"),
            path("<int:number>/erase/", view(self.erase_page), name="subscribers_subscriber_erase"),
            *super().get_urls(),
        ]

    def facts_page(self, request: HttpRequest, number: int) -> HttpResponse:
        """All that is known of a person and that who asks may see. Answers 403 to who may not see subscribers."""
        person = get_object_or_404(Subscriber, pk=number)
        if not self.has_view_permission(request, person):
            raise PermissionDenied
        facts = facts_for(request.user, person, without=LEFT_OUT)
        moments = moments_of(facts)
        others = [
            (section, [told(fact) for fact in facts[section.name]])
            for section in sections()
            if section.name not in OWN_PLACE and facts.get(section.name)
        ]
        shown = {
            "person": person,
            "profile": told(_without(facts["profile"][0], "address", "number")),
            "subscriptions": facts["subscriptions"],
            "preferences": [line for fact in facts["preferences"] for line in told(fact)],
            "consent": [
                {**record, "action_label": Consent.Action(record["action"]).label}
                for record in reversed(facts["consent"])
            ],
            "issues": facts["issues"][::-1],
            "moments": moments[-MOMENTS:][::-1],
            "more_moments": max(len(moments) - MOMENTS, 0),
            "figures": _figures(facts["issues"]),
            "others": others,
            "may_edit": self.has_change_permission(request, person),
            "may_export": may_export(request, person),
            "may_erase": may_erase(request),
        }
        return self._page(request, "staff/person.html", _name(person), shown)

    def timeline_page(self, request: HttpRequest, number: int) -> HttpResponse:
        """All that happened with a person, the newest first. Answers 403 to who may not see subscribers."""
        person = get_object_or_404(Subscriber, pk=number)
        if not self.has_view_permission(request, person):
            raise PermissionDenied
        facts = facts_for(request.user, person, without=LEFT_OUT)
        shown = {"person": person, "moments": moments_of(facts)[::-1]}
        return self._page(request, "staff/person_timeline.html", f"Timeline of {_name(person)}", shown)

    def export_page(self, request: HttpRequest, number: int) -> HttpResponse:
        """Ask why, then give all that is held on a person as a file, or mail them the link to it.

        A file is of every newsletter, so it is for who may export everybody; others can have the link mailed. Answers
        403 to who may not export subscribers.
        """
        person = get_object_or_404(Subscriber, pk=number, erased_at=None)
        if not may_export(request, person):
            raise PermissionDenied
        form = ExportForm(request.POST if request.method == "POST" else None)
        if request.method != "POST" or not form.is_valid():
            shown = {
                "person": person,
                "form": form,
                "on_a_list": _lists_of(request, person).exists(),
                "may_download": may_download(request),
            }
            return self._page(request, "staff/person_export.html", "Export what is held", shown)
        wanted, reason = form.cleaned_data["wanted"], form.cleaned_data["reason"]
        if wanted == "mail":
            return self._mail_link(request, person, reason)
        if not may_download(request):
            raise PermissionDenied
        written = FORMATS[wanted]
        response = HttpResponse(written.write(facts_of(person)), content_type=written.content_type)
        response["Content-Disposition"] = f'attachment; filename="{file_name(person.pk, wanted)}"'
        record(request.user, person, f"Exported all that is held ({wanted}). Because: {reason}")
        return response

    def erase_page(self, request: HttpRequest, number: int) -> HttpResponse:
        """Ask why and whether it is meant, then erase a person. Answers 403 to who may not erase."""
        if not may_erase(request):
            raise PermissionDenied
        person = get_object_or_404(Subscriber, pk=number, erased_at=None)
        form = ErasureForm(request.POST if request.method == "POST" else None)
        if request.method != "POST" or not form.is_valid():
            shown = {"person": person, "form": form}
            return self._page(request, "staff/person_erase.html", "Erase this person?", shown)
        by, reason = f"staff: {request.user.get_username()}", form.cleaned_data["reason"]
        if erase(person.pk, by=by, source=by, reason=reason):
            person.refresh_from_db()
            record(request.user, person, f"Erased. Because: {reason}")
            messages.success(request, "Erased. What is left says nothing of who they were.")
        else:
            messages.warning(request, "They were erased already: nothing was changed.")
        return redirect("admin:subscribers_subscriber_facts", person.pk)

    def _mail_link(self, request: HttpRequest, person: Subscriber, reason: str) -> HttpResponse:
        lists = (
            _lists_of(request, person)
            .order_by("state", "-created_at")
            .values_list("mailing_list_id", flat=True)
        )
        if lists and ask_sparingly(LetterKind.EXPORT, person.pk, lists[0]):
            record(request.user, person, f"Mailed the link to all that is held. Because: {reason}")
            messages.success(request, "The link goes to their address. It works for two days.")
        else:
            messages.warning(
                request, "No letter was written: they got one within the hour, or are on no list."
            )
        return redirect("admin:subscribers_subscriber_facts", person.pk)

    def _page(
        self, request: HttpRequest, template: str, title: str, shown: dict[str, Any]
    ) -> TemplateResponse:
        person: Subscriber = shown["person"]
        change = reverse("admin:subscribers_subscriber_change", args=[person.pk])
        context = {**self.admin_site.each_context(request), "title": title, "change_url": change, **shown}
        return TemplateResponse(request, template, context)


def may_export(request: HttpRequest, person: Subscriber | None = None) -> bool:
    """Whether who asks may take all that is held on a person, or else on some, out of the system."""
    return request.user.has_perm(EXPORT, person)


def may_download(request: HttpRequest) -> bool:
    """Whether who asks may have all that is held on a person as a file: it tells of every newsletter."""
    return lists_where(request.user, EXPORT) is None


def may_erase(request: HttpRequest) -> bool:
    """Whether who asks may erase people: they go from every newsletter, so it is a right over all of them."""
    return request.user.has_perm("subscribers.add_erasure")


def _lists_of(request: HttpRequest, person: Subscriber) -> QuerySet[Any]:
    """The person's subscriptions of which who asks may know."""
    return visible(request.user, EXPORT, person.subscriptions.all())


def _name(person: Subscriber) -> str:
    return f"Erased person {person.pk}" if person.erased_at else person.email


def _without(fact: Fact, *names: str) -> Fact:
    return {name: value for name, value in fact.items() if name not in names}


def _figures(issues: list[Fact]) -> list[tuple[str, int]]:
    """How many issues had what happen to them: what a glance should tell."""
    what = [{event["what"] for event in issue["happened"]} for issue in issues]
    counted = [
        ("issues", len(issues)),
        ("left out", sum(issue["standing"] == "left out" for issue in issues)),
        *(
            (kind, sum(kind in happened for happened in what))
            for kind in ("delivered", "opened by a person", "clicked", "bounced", "complained")
        ),
    ]
    return [(name, number) for name, number in counted if number]
