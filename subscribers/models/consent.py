"""The proof that people agreed, and to which words."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from subscribers.models.people import MailingList, Subscriber


class Wording(models.Model):
    """What a sign-up form says people agree to. Append-only: a change is a new version, which a trigger sees to."""

    mailing_list = models.ForeignKey(
        MailingList, on_delete=models.PROTECT, related_name="wordings", db_index=False
    )
    version = models.PositiveIntegerField()
    text = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["mailing_list", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["mailing_list", "version"], name="wording_version_once_per_list")
        ]

    def __str__(self) -> str:
        return f"version {self.version} of {self.mailing_list}"


class ConsentAction(models.TextChoices):
    IMPORTED = "imported"
    SIGNED_UP = "signed_up"
    CONFIRMED = "confirmed"
    CHANGED = "changed"
    LEFT = "left"
    ERASED = "erased"


class Consent(models.Model):
    """What a person agreed to or took back: when, how, from where. Append-only: a trigger refuses the rest.

    A record outlives its subscriber, who is deleted when the import that made them is undone.
    """

    Action = ConsentAction

    # What they point to is checked by a trigger, for all rows of a statement at once (migration 0007).
    subscriber = models.ForeignKey(
        Subscriber, on_delete=models.PROTECT, related_name="consents", db_index=False, db_constraint=False
    )
    mailing_list = models.ForeignKey(
        MailingList, on_delete=models.PROTECT, related_name="consents", db_index=False, db_constraint=False
    )
    action = models.CharField(max_length=12, choices=ConsentAction)
    at = models.DateTimeField(db_default=Now())
    source = models.CharField(max_length=200, help_text="The act: a file's name, a page, an event")
    wording = models.ForeignKey(
        "subscribers.Wording",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        help_text="What the person read when they agreed",
    )
    detail = models.JSONField(default=dict, db_default={}, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(action__in=ConsentAction.values), name="consent_action_is_known"
            ),
        ]
        indexes = [models.Index(fields=["subscriber", "at"], name="consent_of_subscriber")]

    def __str__(self) -> str:
        return f"{self.subscriber}: {self.action} {self.mailing_list}"
