"""The addresses of the start page."""

from django.urls import path

from mailer.staff.start import views

urlpatterns = [
    path("", views.start, name="start"),
    path("under-way/", views.under_way, name="start-under-way"),
]
