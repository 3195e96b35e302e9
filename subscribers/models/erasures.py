"""The record that somebody was erased, and what is kept so that it holds."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from subscribers.models.people import Subscriber
from subscribers.models.suppressions import SuppressionReason


class Erasure(models.Model):
    """Somebody, or a former address of theirs, was erased: when, by whom, why.

    Of the address only a keyed hash stays: it says of an address that is at hand whether it is that one, and nothing
    to whoever has no address or not the key (see subscribers/privacy/erased.py).
    """

    subscriber = models.ForeignKey(Subscriber, on_delete=models.PROTECT, related_name="erasures")
    address_hash = models.CharField(
        max_length=32, null=True, help_text="Keyed; none: nothing is to be known of the address"
    )
    suppressed_for = models.CharField(
        max_length=12,
        choices=SuppressionReason,
        blank=True,
        db_default="",
        help_text="Why the address must still get nothing, whoever signs it up",
    )
    at = models.DateTimeField(db_default=Now())
    by = models.CharField(
        max_length=200, help_text="The person, somebody of the staff, or the retention times"
    )
    reason = models.TextField(blank=True, db_default="")
    ended_at = models.DateTimeField(
        null=True,
        help_text="The person signed up again and confirmed: from then on imports may hold the address",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(suppressed_for="")
                | Q(suppressed_for__in=SuppressionReason.values, address_hash__isnull=False),
                name="erasure_suppression_is_known",
            ),
        ]
        indexes = [models.Index(fields=["address_hash"], name="erasure_of_address")]

    def __str__(self) -> str:
        return f"erasure of {self.subscriber_id}"
