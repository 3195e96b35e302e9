"""Mailing lists and topics."""

from django.contrib import admin

from mailer.staff.admin.base import ModelAdmin, NoDelete
from subscribers.models import MailingList, Topic


@admin.register(MailingList)
class MailingListAdmin(NoDelete, ModelAdmin):
    list_display = ("name", "slug", "description")
    prepopulated_fields = {"slug": ("name",)}
    search_fields = ("name", "slug")
    fields = ("name", "slug", "description")


@admin.register(Topic)
class TopicAdmin(NoDelete, ModelAdmin):
    list_display = ("name", "slug", "retired")
    list_filter = ("retired",)
    prepopulated_fields = {"slug": ("name",)}
    search_fields = ("name", "slug")
