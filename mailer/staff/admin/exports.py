"""The page that gives subscribers as a file: of a list, of a segment, or who is in both."""

from collections.abc import Generator
from typing import Any, cast

import structlog
from django import forms
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from mailer.staff.admin.base import ModelAdmin
from mailer.staff.admin.person import may_export
from subscribers.exporting.export import Export, Pieces, pieces_apart, prepare
from subscribers.exporting.scope import Scope
from subscribers.models import MailingList, Segment, Subscriber, Subscription
from subscribers.segments.errors import SegmentError

log = structlog.get_logger()


class ExportForm(forms.Form):
    """Whose: a list, a segment, or both; of a list in which states."""

    mailing_list = forms.ModelChoiceField(MailingList.objects.all(), to_field_name="slug", required=False)
    segment = forms.ModelChoiceField(Segment.objects.all(), to_field_name="slug", required=False)
    states = forms.MultipleChoiceField(choices=Subscription.State.choices, required=False)

    export: Export
    scope: Scope

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = self.cleaned_data
        mailing_list, segment = given.get("mailing_list"), given.get("segment")
        if self.errors:
            return given
        if mailing_list is None and segment is None:
            raise forms.ValidationError("Choose a list, a segment, or both.")
        if given["states"] and mailing_list is None:
            raise forms.ValidationError("A state is that of a subscription: choose the list too.")
        self.scope = Scope(mailing_list, segment, tuple(given["states"]))
        try:
            self.export = prepare(self.scope)
        except SegmentError as error:
            raise forms.ValidationError(f"The segment's rule cannot be read any more. {error}") from error
        return given


class ExportLinks(ModelAdmin):
    """The way to the page from each row of the lists and of the segments, for those who may export."""

    def get_list_display(self, request: HttpRequest) -> Any:
        columns = super().get_list_display(request)
        return (*columns, _export_link) if may_export(request) else columns


class ExportPages(ExportLinks):
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
        chosen = {"mailing_list": request.GET.get("list"), "segment": request.GET.get("segment")}
        form = ExportForm(request.POST if request.method == "POST" else None, initial=chosen)
        if request.method == "POST" and form.is_valid():
            return _file(request, form)
        shown = {
            "title": "Export subscribers",
            "form": form,
            "lists": MailingList.objects.all(),
            "segments": Segment.objects.all(),
            "states": Subscription.State.choices,
        }
        answer = TemplateResponse(
            request, "staff/export.html", {**self.admin_site.each_context(request), **shown}
        )
        answer["Cache-Control"] = "no-store"
        return answer


@admin.display(description="export")
def _export_link(chosen: MailingList | Segment) -> SafeString:
    page = reverse("admin:subscribers_mailinglist_export")
    name = "segment" if isinstance(chosen, Segment) else "list"
    return format_html('<a href="{}?{}={}">Export …</a>', page, name, chosen.slug)


def _file(request: HttpRequest, form: ExportForm) -> StreamingHttpResponse:
    named = "-".join(each.slug for each in (form.scope.mailing_list, form.scope.segment) if each)
    response = StreamingHttpResponse(_recorded(request, form), content_type="text/csv; charset=utf-8")
    name = f"{named}-{timezone.localdate():%Y-%m-%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
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
    exported = scope.mailing_list or scope.segment
    LogEntry.objects.create(
        user_id=cast(int, request.user.pk),  # who is signed in has a number
        content_type=ContentType.objects.get_for_model(exported or Subscriber),
        object_id=str(exported.pk) if exported else None,
        object_repr=str(exported)[:200],
        action_flag=CHANGE,
        change_message=f"Exported {people:,} subscribers: {scope}",
    )
    log.info("subscribers_exported", scope=str(scope), people=people, user=request.user.pk)
