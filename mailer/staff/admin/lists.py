"""Mailing lists and topics. The sign-up form of a list has a page of its own, in mailer/staff/lists."""

from typing import Any

from django.contrib import admin
from django.db.models import TextField
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect

from mailer.staff.admin.base import ListElsewhere, ModelAdmin, NoDelete, Textarea
from mailer.staff.admin.exports import ExportPages
from subscribers.models import MailingList, Topic


@admin.register(MailingList)
class MailingListAdmin(NoDelete, ExportPages, ListElsewhere):
    list_page = "staff:lists"
    prepopulated_fields = {"slug": ("name",)}
    fieldsets = (
        (None, {"fields": (("name", "slug"), "description", "public")}),
        (
            "When mail is refused again and again",
            {"fields": ("soft_bounce_limit", "soft_bounce_issues", "soft_bounce_pause_days")},
        ),
    )
    formfield_overrides = {TextField: {"widget": Textarea({"rows": 3})}}

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        """A new list has no form yet: on to its page."""
        return redirect("staff:list-form", obj.pk)


@admin.register(Topic)
class TopicAdmin(NoDelete, ModelAdmin):
    list_display = ("name", "slug", "retired")
    list_filter = ("retired",)
    prepopulated_fields = {"slug": ("name",)}
    search_fields = ("name", "slug")
