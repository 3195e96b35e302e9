"""The addresses of the staff site that are none of a model's, under /staff/. The lists and forms of models follow them."""

from django.urls import URLPattern, URLResolver, include, path

app_name = "staff"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("mailer.staff.start.urls")),
    path("reports/", include("mailer.staff.reports.urls")),
    path("issues/", include("mailer.staff.builder.urls")),
    path("", include("mailer.staff.backlog.urls")),
    path("people/", include("mailer.staff.people.urls")),
    path("segments/", include("mailer.staff.segments.urls")),
    path("imports/", include("mailer.staff.imports.urls")),
    path("suppressions/", include("mailer.staff.suppressions.urls")),
    path("lists/", include("mailer.staff.lists.urls")),
    path("audit/", include("mailer.staff.history.urls")),
    path("", include("mailer.staff.themes.urls")),
    path("", include("mailer.staff.sending.urls")),
]
