"""The address of the list of reports; those of each report are the admin's."""

from django.urls import path

from mailer.staff.reports import listing

urlpatterns = [
    path("", listing.reports, name="reports"),
]
