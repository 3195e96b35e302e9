"""The addresses of mailing lists, under /staff/lists/."""

from django.urls import path

from mailer.staff.lists import form_page, overview

urlpatterns = [
    path("", overview.lists, name="lists"),
    path("<int:mailing_list>/counts/", overview.counts, name="list-counts"),
    path("<int:mailing_list>/form/", form_page.form, name="list-form"),
    path("<int:mailing_list>/form/preview/", form_page.preview, name="list-form-preview"),
]
