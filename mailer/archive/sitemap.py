"""What search engines are told: which pages there are, and which to leave alone."""

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from mailer.archive.addresses import archive_url, issue_url
from mailer.archive.keep import keep_missing
from mailer.archive.published import changed, published
from mailer.issues.models import Newsletter

MOST = 50_000
"""Addresses in one sitemap (sitemaps.org); the newest."""
PRIVATE = (
    "/staff/",
    "/account/",
    "/u/",
    "/p$",
    "/p/",
    "/v/",
    "/address/",
    "/data/",
    "/erase/",
    "/confirm/",
    "/api/",
    "/webhooks/",
    "/healthz",
    "/readyz",
    "/metrics",
)
"""Pages of the staff, and those that a link in a mail leads one person to. Each of them says noindex as well (see
config/indexing.py): an address that is not to be fetched can be listed all the same, where another site links to it."""


def sitemap() -> str:
    """The addresses of all archives that are open and of their issues, each with the day of its last change."""
    pages: list[tuple[str, str]] = []
    for newsletter in Newsletter.objects.filter(archive=True).order_by("id"):
        keep_missing(newsletter)
        issues = [
            (issue_url(newsletter, edition.send.issue.number), changed(edition).date().isoformat())
            for edition in published(newsletter)[:MOST]
        ]
        latest = max((day for _, day in issues), default="")
        pages += [(archive_url(newsletter), latest), *issues]
    return render_to_string("archive/sitemap.xml", {"pages": pages[:MOST]})


def robots() -> str:
    """robots.txt."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in PRIVATE)]
    return "\n".join([*lines, "", f"Sitemap: {settings.PUBLIC_URL}{reverse('archive:sitemap')}", ""])
