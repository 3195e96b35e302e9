"""The addresses of the archive: short, and without a trailing slash."""

from django.urls import path, re_path

from mailer.archive import views

app_name = "archive"
urlpatterns = [
    path("archive/<slug:slug>", views.archive, name="archive"),
    path("archive/<slug:slug>/feed", views.feed, name="feed"),
    path("archive/<slug:slug>/topics/<slug:topic_slug>", views.archive, name="topic"),
    # Up to nine digits: what an issue's number can be.
    re_path(r"^archive/(?P<slug>[-\w]+)/(?P<number>[0-9]{1,9})$", views.issue, name="issue"),
    path("sitemap.xml", views.sitemap, name="sitemap"),
    path("robots.txt", views.robots, name="robots"),
]
