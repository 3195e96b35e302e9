"""Where pages lead to."""

from urllib.parse import urlencode

from django.urls import reverse

from mailer.issues.models import Newsletter


def to_backlog(newsletter: Newsletter, **fields: str) -> str:
    """The backlog of a newsletter, with what stands in its fields."""
    return f"{reverse('staff:backlog')}?{urlencode({'newsletter': newsletter.slug} | fields)}"
