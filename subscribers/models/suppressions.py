"""Addresses that must get nothing."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now


class SuppressionReason(models.TextChoices):
    BOUNCE = "bounce", "hard bounce"
    COMPLAINT = "complaint", "spam complaint"
    INVALID = "invalid", "invalid address"
    UNSUBSCRIBE = "unsubscribe", "asked to get nothing at all"
    MANUAL = "manual", "by staff"


GRAVEST_FIRST = (
    SuppressionReason.COMPLAINT,
    SuppressionReason.BOUNCE,
    SuppressionReason.INVALID,
    SuppressionReason.UNSUBSCRIBE,
    SuppressionReason.MANUAL,
)
"""Of an address that is suppressed for several reasons, the first of these is the one that is told."""


class Suppression(models.Model):
    """An address that must get nothing, for one reason; a second reason is a second row.

    Kept by address, not by subscriber, so that it also holds for an address that is imported later.
    """

    Reason = SuppressionReason

    address = models.CharField(max_length=320, help_text="In lower case")
    reason = models.CharField(max_length=12, choices=SuppressionReason)
    detail = models.TextField(blank=True, db_default="")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["address", "reason"], name="suppression_once_per_reason"),
            models.CheckConstraint(
                condition=Q(address=Lower(F("address"))), name="suppression_in_lower_case"
            ),
            models.CheckConstraint(
                condition=Q(reason__in=SuppressionReason.values), name="suppression_reason_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address}: {self.reason}"
