"""The page that gives subscribers as a file: of a list, of a segment or a search, or who is in both."""

import json
from collections.abc import Generator
from typing import Any

import structlog
from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import escape

from mailer.staff.access.scope import lists_where, visible
from mailer.staff.admin.base import ModelAdmin
from mailer.staff.admin.person import may_export
from mailer.staff.audit import record
from subscribers.exporting.columns import EXPRESSIONS
from subscribers.exporting.errors import CannotExport
from subscribers.exporting.export import Export, Pieces, pieces_apart, prepare
from subscribers.exporting.scope import Scope, count_people
from subscribers.models import MailingList, Segment, Subscriber, Subscription
from subscribers.segments.errors import SegmentError
from subscribers.segments.saving import check
from subscribers.segments.sentence import sentence_of

log = structlog.get_logger()
EXPORT = "subscribers.export_subscriber"
LONGEST_RULE = 100_000
"""Characters of a rule as JSON."""
SECONDS = 5.0
"""That counting may take."""
SEPARATORS = (
    ("comma", "commas"),
    ("semicolon", "semicolons, as Excel in much of Europe wants it"),
    ("tab", "tabs"),
)
_WRITTEN = {"comma": ",", "semicolon": ";", "tab": "\t"}


class ExportForm(forms.Form):
    """Whose: a list, a segment, or both; of a list in which states. Of people on no list of theirs nobody exports any."""

    mailing_list = forms.ModelChoiceField(MailingList.objects.all(), to_field_name="slug", required=False)
    segment = forms.ModelChoiceField(Segment.objects.all(), to_field_name="slug", required=False)
    states = forms.MultipleChoiceField(choices=Subscription.State.choices, required=False)
    rule = forms.CharField(max_length=LONGEST_RULE, required=False)
    columns = forms.MultipleChoiceField(choices=[(name, name) for name in EXPRESSIONS], required=False)
    separator = forms.ChoiceField(choices=SEPARATORS, required=False)

    export: Export
    scope: Scope

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lists = _lists(user)
        self.segments = visible(user, "subscribers.view_segment", Segment.objects.all())
        self.seen = lists_where(user, EXPORT)
        self.some_lists_only = self.seen is not None
        for name, rows in (("mailing_list", self.lists), ("segment", self.segments)):
            field: Any = self.fields[name]
            field.queryset = rows

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = self.cleaned_data
        mailing_list, segment = given.get("mailing_list"), given.get("segment")
        if self.errors:
            return given
        if given["rule"]:
            segment = self._searched(given["rule"])
        if mailing_list is None and segment is None:
            raise forms.ValidationError("Choose a list, a segment, or both.")
        if mailing_list is None and self.some_lists_only:
            raise forms.ValidationError(
                "Choose the list too: you may export the people on it, not everybody."
            )
        if given["states"] and mailing_list is None:
            raise forms.ValidationError("A state is that of a subscription: choose the list too.")
        self.scope = Scope(mailing_list, segment, tuple(given["states"]), self.seen)
        try:
            self.export = prepare(self.scope, given["columns"], _WRITTEN[given["separator"] or "comma"])
        except CannotExport as error:
            raise forms.ValidationError(str(error)) from error
        except SegmentError as error:
            raise forms.ValidationError(f"Nobody is named by this segment's rule. {error}") from error
        return given

    def _searched(self, rule: str) -> Segment:
        """The people of a search, as a segment that is not saved."""
        try:
            data = json.loads(rule)
            check(data, now=timezone.now())
        except (ValueError, RecursionError, SegmentError) as error:
            raise forms.ValidationError(
                "The search cannot be read. Go back to it, and come again."
            ) from error
        return Segment(slug="search", name="search", rule=data)

    @property
    def search(self) -> str:
        """The rule of a search, as JSON; "" for none that can be read."""
        rule = str(self["rule"].value() or "")
        try:
            return rule if rule and self._searched(rule) else ""
        except forms.ValidationError:
            return ""


class ExportPages(ModelAdmin):
    """The page, for the admin of mailing lists."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("export/", view(self.export_page), name="subscribers_mailinglist_export"),
            *super().get_urls(),
        ]

    def export_page(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        """Choose whose, then get the file, streamed. Answers 403 to who may not export subscribers."""
        if not may_export(request):
            raise PermissionDenied
        asked = {"mailing_list": "list", "segment": "segment", "rule": "rule"}
        chosen = {field: request.GET.get(name, "") for field, name in asked.items()}
        posted = request.POST if request.method == "POST" else None
        form = ExportForm(posted, initial=chosen, user=request.user)
        if request.method == "POST" and "count" in request.POST:
            return HttpResponse(escape(_counted(form)))
        if request.method == "POST" and form.is_valid():
            return _file(request, form)
        shown = {
            "title": "Export subscribers",
            "form": form,
            "lists": form.lists,
            "segments": form.segments,
            "states": Subscription.State.choices,
            "columns": tuple(EXPRESSIONS),
            "separators": SEPARATORS,
            "search": form.search,
            "searched": sentence_of(json.loads(form.search)) if form.search else "",
        }
        return TemplateResponse(
            request, "staff/export.html", {**self.admin_site.each_context(request), **shown}
        )


def _counted(form: ExportForm) -> str:
    """How many people the file would have, in words."""
    if not form.is_valid():
        return next(str(errors[0]) for errors in form.errors.values())
    try:
        people = count_people(form.scope, SECONDS)
    except SegmentError as error:
        return f"Not counted: {error.problem}."
    return f"{people:,} {'person' if people == 1 else 'people'}."


def _lists(user: Any) -> QuerySet[MailingList]:
    """The lists whose people somebody may export."""
    return visible(user, EXPORT, MailingList.objects.all())


def _file(request: HttpRequest, form: ExportForm) -> StreamingHttpResponse:
    named = "-".join(each.slug for each in (form.scope.mailing_list, form.scope.segment) if each)
    response = StreamingHttpResponse(_recorded(request, form), content_type="text/csv; charset=utf-8")
    name = f"{named}-{timezone.localdate():%Y-%m-%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _recorded(request: HttpRequest, form: ExportForm) -> Generator[str, None, None]:
    """The file, and at its end, or where it breaks off, the record of who took what, and how many people."""
    people = 0

    def told(done: int) -> None:
        nonlocal people
        people = done

    written: Pieces = pieces_apart(form.export, told)
    try:
        yield from written
    finally:
        _record(request, form.scope, people)


def _record(request: HttpRequest, scope: Scope, people: int) -> None:
    saved = scope.segment if scope.segment and scope.segment.pk else None
    record(
        request.user, scope.mailing_list or saved or Subscriber, f"Exported {people:,} subscribers: {scope}"
    )
    log.info("subscribers_exported", scope=str(scope), people=people, user=request.user.pk)
