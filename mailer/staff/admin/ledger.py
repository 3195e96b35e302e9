"""The ledger of what was sent and the events that came back: to be read, never edited by hand."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from mailer.delivery.models import Batch, Submission
from mailer.sendgrid.event_kinds import KINDS
from mailer.staff.admin.base import Countless, ModelAdmin, ReadOnly, TabularInline
from mailer.staff.admin.unknown import UnknownPages
from mailer.tracking.models import Event


class SubmissionInline(ReadOnly, TabularInline):
    model = Submission
    extra = 0
    fields = ("started_at", "finished_at", "outcome", "status", "message_id", "reason")
    readonly_fields = fields
    ordering = ("started_at",)
    show_change_link = True


class CarriesFilter(admin.SimpleListFilter):
    """What goes out with a batch."""

    title = "what it carries"
    parameter_name = "carries"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("send", "a part of a send"), ("letter", "a letter")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Batch]) -> QuerySet[Batch]:
        return queryset if self.value() is None else queryset.filter(letter__isnull=self.value() == "send")


@admin.register(Batch)
class BatchAdmin(ReadOnly, Countless, ModelAdmin):
    list_display = ("id", "carried", "size", "state", "due_at", "attempts", "changed_at")
    list_filter = ("state", CarriesFilter)
    list_select_related = ("send__issue__newsletter", "letter")
    search_fields = ("=send__id", "=submission_id")
    search_help_text = "The number of a send, or the id of a submission"
    ordering = ("-id",)
    fields = (
        ("carried", "size"),
        ("state", "attempts"),
        ("due_at", "queued_at"),
        ("changed_at", "submission_id"),
    )
    readonly_fields = ("carried",)
    inlines = (SubmissionInline,)

    @admin.display(description="carries", ordering="send")
    def carried(self, batch: Batch) -> str:
        return f"Send {batch.carries}" if batch.send_id else batch.carries.capitalize()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Batch]:
        return super().get_queryset(request).defer("subscriber_ids")


@admin.register(Submission)
class SubmissionAdmin(ReadOnly, Countless, UnknownPages):
    list_display = (
        "id",
        "batch_number",
        "size",
        "started_at",
        "finished_at",
        "outcome",
        "status",
        "message_id",
    )
    list_filter = ("outcome",)
    search_fields = ("=id", "message_id__exact", "=batch__id")
    search_help_text = "Its id, SendGrid's message id, or the number of a batch"
    ordering = ("-started_at",)
    fields = (
        ("id", "message_id"),
        ("batch", "size"),
        ("started_at", "finished_at"),
        ("outcome", "status"),
        "reason",
        "evidence",
        ("decided_by", "settled_at"),
        ("fruitless_looks", "looked_at"),
    )

    @admin.display(description="batch", ordering="batch_id")
    def batch_number(self, submission: Submission) -> int:
        return submission.batch_id


class KindFilter(admin.SimpleListFilter):
    """SendGrid's names of events: offered from here, for asking the table would read all of it."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind, kind) for kind in KINDS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        return queryset if self.value() is None else queryset.filter(kind=self.value())


@admin.register(Event)
class EventAdmin(ReadOnly, Countless, ModelAdmin):
    list_display = ("id", "kind", "at", "received_at", "sg_event_id")
    list_filter = (KindFilter,)
    list_per_page = 50
    search_fields = ("sg_event_id__exact",)
    search_help_text = "SendGrid's id of the event (sg_event_id)"
    ordering = ("-id",)
    fields = (("sg_event_id", "kind"), ("at", "received_at"), "payload")
