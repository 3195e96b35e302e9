"""Every address of the site on one page."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from mailer.health.views import healthz, metrics, readyz
from mailer.issues.images.serve import picture

admin.autodiscover()

handler500 = "mailer.config.unavailable.failed"

urlpatterns = [
    path("", RedirectView.as_view(url="/staff/", permanent=False)),
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
    path("media/<path:name>", picture),
    path("account/", include("mailer.staff.accounts.urls")),
    path("account/", include("allauth.urls")),
    path("staff/", include("mailer.staff.urls")),
    path("staff/", admin.site.urls),
    path("", include("subscribers.urls")),
    path("", include("mailer.delivery.urls")),
    path("", include("mailer.archive.urls")),
    path("", include("mailer.tracking.urls")),
]
