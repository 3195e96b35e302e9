"""What counts as sent: a send of an issue to a list of which something was accepted for somebody.

A plan is none, nor is a send that was started and waits. One that was cancelled or paused is, if it reached somebody
before. A welcome issue goes to single people and is no number of the newsletter.
"""

from django.db.models import Exists, OuterRef, QuerySet

from mailer.delivery.models import Batch, Send


def reached() -> QuerySet[Send]:
    """The sends that count."""
    accepted = Batch.objects.filter(send=OuterRef("pk"), state=Batch.State.ACCEPTED)
    return Send.objects.filter(Exists(accepted), rolling=False, started_at__isnull=False)
