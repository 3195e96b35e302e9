"""What is wrong with the installation, from when to when."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from mailer.delivery.models import Notice


class AlertKind(models.TextChoices):
    """What an alert can be about. Logs and metrics call them so, and the names stay the same between versions."""

    WEBHOOK_SILENT = "webhook_silent", "SendGrid's event webhook is silent"
    FOLDING_LATE = "folding_late", "Events wait too long to be counted"
    EVENTS_SET_ASIDE = "events_set_aside", "Events could not be counted"
    SUPPRESSIONS_FAILING = "suppressions_failing", "Suppressions are not kept in step with SendGrid"
    SEND_PAUSED = "send_paused", "A send has paused itself"
    COMPLAINTS = "complaints", "Complaints are over the limit"
    BOUNCES = "bounces", "Hard bounces are over the limit"
    AUTHENTICATION = "authentication", "Receivers refuse mail for its authentication or by policy"
    BLOCKLIST = "blocklist", "Receivers refuse mail because of a block list"


class Alert(models.Model):
    """Something that is wrong as long as `ended_at` is empty; there is one open alert of a kind and subject.

    Attributes:
        subject: what it is about where a kind has several, such as "send 12"; else "".
        text: what is wrong, since when, and what to do, in plain words.
        seen_at: when it was last found to be so.
        told: the notices by which owners were told of it.
    """

    Kind = AlertKind

    kind = models.CharField(max_length=40, choices=AlertKind)
    subject = models.CharField(max_length=100, blank=True)
    text = models.TextField()
    began_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)
    told = models.ManyToManyField(Notice, related_name="+")

    class Meta:
        ordering = ["-began_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"], condition=Q(ended_at=None), name="alert_open_once"
            )
        ]

    def __str__(self) -> str:
        title = self.get_kind_display()
        return f"{title}: {self.subject}" if self.subject else title
