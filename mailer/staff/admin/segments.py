"""Segments: the rule as JSON, and beside it what it says, how many it names, and ten of them."""

import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms.fields import InvalidJSONInput
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from mailer.staff.admin.base import ModelForm, Textarea
from mailer.staff.admin.exports import ExportLinks
from subscribers.models import Segment, Snapshot
from subscribers.segments import SegmentError, predicate_of
from subscribers.segments.counting import count_with_examples
from subscribers.segments.in_reports import check_room
from subscribers.segments.rule import kinds
from subscribers.segments.saving import check, users_of
from subscribers.segments.sentence import sentence_of
from subscribers.segments.snapshots import take_snapshot

FIRST_RULE = {"version": 1, "all": [{"field": "country", "is_any_of": ["SG", "MY"]}]}


class InOrder(json.JSONEncoder):
    """Writes JSON with a line for each part, as a person would."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "indent": 2, "ensure_ascii": False})


class RuleField(forms.JSONField):
    """JSON as somebody typed it, and shown to them so again; Django's field fails at what is too deep or too long."""

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except (ValueError, RecursionError) as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error

    def bound_data(self, data: Any, initial: Any) -> Any:
        return initial if self.disabled else InvalidJSONInput(data or "")


class SegmentForm(ModelForm):
    rule = RuleField(
        widget=Textarea({"rows": 16, "spellcheck": "false", "style": "font-family: monospace"}),
        encoder=InOrder,
        initial=FIRST_RULE,
    )

    class Meta:
        model = Segment
        fields = ("name", "slug", "rule", "in_reports")

    def clean(self) -> dict[str, Any] | None:
        """The rule is checked with the short name, which it must not name itself."""
        given = super().clean() or self.cleaned_data
        if "rule" in given:
            slug = given.get("slug", "")
            try:
                check(given["rule"], slug=slug, now=timezone.now())
                self._keeps_its_name(slug)
            except SegmentError as error:
                self.add_error("rule", ValidationError(str(error)))
        if given.get("in_reports"):
            try:
                check_room(self.instance.pk)
            except SegmentError as error:
                self.add_error("in_reports", ValidationError(str(error)))
        return given

    def _keeps_its_name(self, slug: str) -> None:
        """Rules name segments by their short name, so one that is named keeps it."""
        before = self.initial.get("slug")
        users = users_of(before) if before and before != slug else []
        if users:
            raise SegmentError("in_use", "", f"{', '.join(users)} names {before}: keep its short name")


@admin.register(Segment)
class SegmentAdmin(ExportLinks):
    list_display = ("name", "slug", "says", "in_reports", "changed_at")
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    form = SegmentForm
    actions = ("take_snapshots",)
    readonly_fields = ("people", "figures", "taken", "conditions")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        # Examples are people: they are for those who may look at people.
        who = "people" if request.user.has_perm("subscribers.view_subscriber") else "figures"
        return (
            (None, {"fields": (("name", "slug"), "rule", "in_reports")}),
            *((("Who is in it", {"fields": (who, "taken")}),) if obj else ()),
            ("How rules are written", {"fields": ("conditions",), "classes": ("collapse",)}),
        )

    def save_model(self, request: HttpRequest, obj: Segment, form: Any, change: Any) -> None:
        obj.changed_at = timezone.now()
        super().save_model(request, obj, form, change)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """A segment that another one names is protected like one with snapshots."""
        deleted, counts, missing, protected = super().get_deleted_objects(objs, request)
        named = [
            f"Segment: {user}, whose rule names {segment}"
            for segment in objs
            for user in users_of(segment.slug)
        ]
        return deleted, counts, missing, [*protected, *named]

    @admin.display(description="rule")
    def says(self, segment: Segment) -> str:
        return sentence_of(segment.rule)

    @admin.display(description="")
    def people(self, segment: Segment) -> SafeString:
        """As the rule is saved; counted when the page is opened."""
        return _counted(segment, examples=True)

    @admin.display(description="")
    def figures(self, segment: Segment) -> SafeString:
        """The same without people's addresses."""
        return _counted(segment, examples=False)

    @admin.display(description="snapshots")
    def taken(self, segment: Segment) -> SafeString | str:
        rows = (
            (each.slug, f"{each.size:,}", f"{timezone.localtime(each.taken_at):%Y-%m-%d %H:%M}")
            for each in Snapshot.objects.filter(segment=segment)
        )
        return format_html_join("", "<div>{}: {} people, {}</div>", rows) or "none"

    @admin.display(description="")
    def conditions(self, segment: Segment) -> SafeString:
        return format_html(
            "<p>all, any and none hold lists of these, and of each other:</p><pre style='white-space: pre-wrap'>{}</pre>",
            "\n".join(kind.example for kind in kinds()),
        )

    @admin.action(description="Take a snapshot", permissions=["change"])
    def take_snapshots(self, request: HttpRequest, chosen: QuerySet[Segment]) -> None:
        """Keep who is in each of them now."""
        for segment in chosen:
            try:
                snapshot = take_snapshot(segment, now=timezone.now())
                self.message_user(
                    request, f"{snapshot.slug} holds {snapshot.size:,} people.", messages.SUCCESS
                )
            except SegmentError as error:
                self.message_user(request, f"{segment.slug}: {error}", messages.ERROR)


def _counted(segment: Segment, *, examples: bool) -> SafeString:
    try:
        counted = count_with_examples(predicate_of(segment, now=timezone.now()))
    except SegmentError as error:
        return format_html("<p>The rule has an error: {}</p>", str(error))
    return render_to_string(
        "staff/segment.html",
        {
            "says": sentence_of(segment.rule),
            "counted": counted,
            "examples": counted.examples if examples else [],
        },
    )
