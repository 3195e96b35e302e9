"""The addresses of imports, under /staff/imports/."""

from django.urls import path

from mailer.staff.imports import acts, columns, downloads, pages, trying, uploading

urlpatterns = [
    path("", pages.imports, name="imports"),
    path("new/", uploading.new, name="import-new"),
    path("<int:stored>/", pages.one, name="import"),
    path("<int:stored>/live/", pages.live, name="import-live"),
    path("<int:stored>/columns/", columns.columns, name="import-columns"),
    path("<int:stored>/check/", trying.check, name="import-check"),
    path("<int:stored>/check/live/", trying.live, name="import-check-live"),
    path("<int:stored>/go/", acts.go, name="import-go"),
    path("<int:stored>/stop/", acts.stop, name="import-stop"),
    path("<int:stored>/resume/", acts.resume, name="import-resume"),
    path("<int:stored>/discard/", acts.discard, name="import-discard"),
    path("<int:stored>/undo/", acts.undo, name="import-undo"),
    path("<int:stored>/refused.csv", downloads.refused, name="import-refused"),
    path("<int:stored>/flagged.csv", downloads.flagged, name="import-flagged"),
]
