"""Whoever confirms a subscription is welcomed.

Every process listens, because in each somebody may confirm; few ever do, so what renders the welcome is loaded then.
"""

import structlog
from django.db import transaction

from mailer.issues.models import Newsletter
from subscribers.signals import confirmed

log = structlog.get_logger()


def listen() -> None:
    """From now on everybody who confirms is welcomed."""
    confirmed.connect(_on_confirmed, dispatch_uid="welcome issue")


def _on_confirmed(sender: object, mailing_list_id: int, subscriber_id: int, **_: object) -> None:
    newsletters = Newsletter.objects.filter(mailing_list_id=mailing_list_id).exclude(welcome_issue=None)
    for newsletter in newsletters:
        try:
            from mailer.delivery.welcome import welcome

            with transaction.atomic():
                welcome(newsletter, subscriber_id)
        except Exception:  # a confirmation holds, whatever is wrong with the welcome
            log.exception("welcome_failed", newsletter=newsletter.pk, subscriber=subscriber_id)
