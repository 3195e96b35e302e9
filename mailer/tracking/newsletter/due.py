"""Which newsletters are to be counted again."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from mailer.issues.models import Newsletter
from mailer.tracking.newsletter.figures import VERSION

EVERY = timedelta(hours=23)
"""It is looked at every hour, so each is counted once a day, whether or not it was up at some hour of the night."""


def due_newsletters() -> list[int]:
    """Those that were never counted, not for a day, or in another form."""
    fresh = Q(figures__counted_at__gt=timezone.now() - EVERY, figures__data__version=VERSION)
    return list(Newsletter.objects.exclude(fresh).order_by("pk").values_list("pk", flat=True))
