"""Where pages lead to."""

from urllib.parse import urlencode

from django.urls import reverse

from mailer.issues.models import Newsletter


def to_backlog(newsletter: Newsletter) -> str:
    """The backlog of a newsletter."""
    return f"{reverse('staff:backlog')}?{urlencode({'newsletter': newsletter.slug})}"
