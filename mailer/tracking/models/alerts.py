"""What is wrong with the installation, from when to when."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Alert(models.Model):
    """Something that is wrong as long as `ended_at` is empty; there is one open alert of a kind and subject.

    Attributes:
        kind: webhook_silent, folding_late, suppressions_failing …
        subject: what it is about where a kind has several, such as a list of SendGrid's; else "".
        text: what is wrong, since when, and what to do, in plain words.
        seen_at: when it was last found to be so.
    """

    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=100, blank=True)
    text = models.TextField()
    began_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-began_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"], condition=Q(ended_at=None), name="alert_open_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}".strip()
