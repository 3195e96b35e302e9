"""Alerts: each begins once, stays open while it is found again, and ends; owners are told of both by mail.

An alert and the notices of it are written in one transaction and mailed by mailer.delivery.notices: a crash in between
costs no mail and doubles none.
"""

from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone

from mailer.delivery.forecast.wording import moment as written
from mailer.delivery.models import Notice
from mailer.delivery.notices import ATTEMPTS, notify
from mailer.issues.models import Newsletter
from mailer.tracking.alerts.look import Wrong, look
from mailer.tracking.models import Alert

log = structlog.get_logger()

NOTICE = "alert"
"""The kind of the notices that tell of alerts themselves."""
CALM = timedelta(minutes=5)
"""An alert ends when it was not seen for so long: what comes and goes around a limit is one, with one mail."""


def watch(now: datetime | None = None) -> None:
    """Look at the installation; open the alerts that begin, and close those that are over."""
    moment = now or timezone.now()
    for wrong in look(moment):
        if not _goes_on(wrong, moment):
            _begin(wrong, moment)
    for alert in Alert.objects.filter(ended_at=None, seen_at__lte=moment - CALM).order_by("id"):
        _end(alert, moment)


def _goes_on(wrong: Wrong, moment: datetime) -> bool:
    """Note that an open alert was seen again. Returns False when none is open."""
    alerts = Alert.objects.filter(kind=wrong.kind, subject=wrong.subject, ended_at=None)
    return bool(alerts.update(seen_at=moment, text=wrong.text))


def _begin(wrong: Wrong, moment: datetime) -> None:
    """Open an alert and write down whom to tell, unless somebody else opens it at this moment."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO tracking_alert (kind, subject, text, began_at, seen_at) VALUES (%s, %s, %s, %s, %s)
            ON CONFLICT (kind, subject) WHERE ended_at IS NULL DO NOTHING RETURNING id
            """,
            [wrong.kind, wrong.subject, wrong.text, moment, moment],
        )
        row = cursor.fetchone()
        if row is None:
            return
        alert = Alert.objects.get(pk=row[0])
        if wrong.notice_id:
            alert.told.add(wrong.notice_id)
        else:
            alert.told.set([_tell(alert, owned.pk, wrong.text) for owned in _one_of_each_owner()])
    log.error("alert_began", alert=alert.pk, kind=wrong.kind, subject=wrong.subject)


def _end(alert: Alert, moment: datetime) -> None:
    """Close an alert, unless somebody else has seen or closed it. Who was told that it began is told that it is over."""
    with transaction.atomic():
        still = Alert.objects.filter(pk=alert.pk, ended_at=None, seen_at__lte=moment - CALM)
        if not still.update(ended_at=moment):
            return
        notices = alert.told.filter(kind=NOTICE)
        # Nobody is told only now of what is over.
        notices.filter(mailed_at=None).update(attempts=len(ATTEMPTS))
        text = f"It is over. It began {written(alert.began_at)} and was seen last {written(alert.seen_at)}."
        for notice in notices.filter(mailed_at__isnull=False):
            _tell(alert, notice.newsletter_id, text, over=True)
    log.warning("alert_ended", alert=alert.pk, kind=alert.kind, subject=alert.subject)


def _tell(alert: Alert, newsletter_id: int | None, text: str, over: bool = False) -> Notice:
    return notify(
        None,
        NOTICE,
        text,
        newsletter_id=newsletter_id,
        subject=f"[mailer] {'Over: ' if over else ''}{alert}",
        page=reverse("admin:tracking_alert_change", args=[alert.pk]),
    )


def _one_of_each_owner() -> QuerySet[Newsletter]:
    """Of each address that owns newsletters the first of them: one mail per person, not per newsletter."""
    owned = Newsletter.objects.exclude(owner_email="").annotate(owner=Lower("owner_email"))
    return owned.order_by("owner", "id").distinct("owner")
