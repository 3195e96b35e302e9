"""The addresses of the start page and of the list of reports."""

from django.urls import path

from mailer.staff.start import reports, views

urlpatterns = [
    path("", views.start, name="start"),
    path("under-way/", views.under_way, name="start-under-way"),
    path("reports/", reports.reports, name="reports"),
]
