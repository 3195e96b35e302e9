"""What pages of one's own account show of the site around them, as each page of django-unfold's does."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

ACCOUNT = "/account/"
"""Where the pages of django-allauth are."""


def of_the_site(request: HttpRequest) -> dict[str, Any]:
    """A context processor. Other pages are given this by who makes them: see staff/page.py."""
    return admin.site.each_context(request) if request.path.startswith(ACCOUNT) else {}
