"""The addresses of themes, and of a newsletter's look."""

from django.urls import path

from mailer.staff.themes import look, own

urlpatterns = [
    path("newsletters/<int:newsletter>/look/", look.look, name="look"),
    path("newsletters/<int:newsletter>/look/preview/", look.preview, name="look-preview"),
    path("themes/", own.themes, name="themes"),
    path("themes/new/", own.new, name="theme-new"),
    path("themes/<int:theme>/", own.theme, name="theme"),
    path("themes/<int:theme>/files/", own.files, name="theme-files"),
    path("themes/<int:theme>/restore/", own.restore_version, name="theme-restore"),
    path("themes/<int:theme>/delete/", own.delete, name="theme-delete"),
]
