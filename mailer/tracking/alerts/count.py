"""How many alerts are open."""

from django.db.models import Count

from mailer.tracking.models import Alert, AlertKind


def open_alerts() -> dict[str, int]:
    """How many alerts of each kind are open, zeros among them."""
    kinds = Alert.objects.filter(ended_at=None).order_by("kind").values_list("kind")
    return {**dict.fromkeys(AlertKind.values, 0), **dict(kinds.annotate(count=Count("id")))}
