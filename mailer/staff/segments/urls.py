"""The addresses of segments, under /staff/segments/."""

from django.urls import path

from mailer.staff.segments import acts, live, overlap, pages

urlpatterns = [
    path("", pages.segments, name="segments"),
    path("new/", pages.new, name="segment-new"),
    path("new/save/", acts.create, name="segment-create"),
    path("check/", live.check, name="segment-check"),
    path("count/", live.count, name="segment-count-rule"),
    path("suggest/", live.suggestions, name="segment-suggest"),
    path("overlap/", overlap.page_of, name="segment-overlap"),
    path("<int:segment>/", pages.segment, name="segment"),
    path("<int:segment>/save/", acts.save, name="segment-save"),
    path("<int:segment>/count/", live.count_saved, name="segment-count"),
    path("<int:segment>/snapshot/", acts.snapshot, name="segment-snapshot"),
    path("<int:segment>/delete/", acts.remove, name="segment-delete"),
    path("snapshots/<int:snapshot>/delete/", acts.remove_snapshot, name="snapshot-delete"),
]
