"""The addresses of the issue builder, under /staff/issues/."""

from django.urls import path

from mailer.staff.builder import asides, copies, links, listing, page, previewing, saving, versions

urlpatterns = [
    path("", listing.issues, name="issues"),
    path("new/", copies.new, name="issue-new"),
    path("<int:issue>/", page.builder, name="issue"),
    path("<int:issue>/document/", page.document, name="issue-document"),
    path("<int:issue>/save/", saving.save_document, name="issue-save"),
    path("<int:issue>/presence/", saving.presence, name="issue-presence"),
    path("<int:issue>/preview/", previewing.preview_document, name="issue-preview"),
    path("<int:issue>/people/", previewing.people, name="issue-people"),
    path("<int:issue>/backlog/", asides.backlog, name="issue-backlog"),
    path("<int:issue>/links/", links.check, name="issue-links"),
    path("<int:issue>/versions/", versions.listed, name="issue-versions"),
    path("<int:issue>/versions/<int:revision>/", versions.version, name="issue-version"),
    path("<int:issue>/versions/<int:revision>/restore/", versions.restore_version, name="issue-restore"),
    path("<int:issue>/duplicate/", copies.duplicate, name="issue-duplicate"),
]
