"""The address of the search for people, under /staff/people/."""

from django.urls import path

from mailer.staff.people import pages

urlpatterns = [path("", pages.people, name="people")]
