"""The addresses of suppressions, under /staff/suppressions/. Taking one off has a page of its own in the admin."""

from django.urls import path

from mailer.staff.suppressions import adding, listing

urlpatterns = [
    path("", listing.suppressions, name="suppressions"),
    path("csv/", listing.as_csv, name="suppressions-csv"),
    path("add/", adding.add, name="suppressions-add"),
]
