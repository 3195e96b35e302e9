"""The addresses of the start page."""

from django.urls import path

from mailer.staff.start import views
from mailer.staff.start.search import search

urlpatterns = [
    path("", views.start, name="start"),
    path("under-way/", views.under_way, name="start-under-way"),
    path("search/", search, name="search"),
]
