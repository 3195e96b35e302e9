"""Addresses that must get nothing."""

from collections.abc import Collection

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


def gravest(reasons: Collection[str]) -> str:
    """The one of some reasons that is told; "" of none."""
    return next((reason for reason in GRAVEST_FIRST if reason in reasons), "")


class SuppressionOrigin(models.TextChoices):
    HERE = "here", "entered here"
    PROVIDER = "provider", "reported by SendGrid"


class Suppression(models.Model):
    """An address that must get nothing, for one reason; a second reason is a second row.

    Kept by address, not by subscriber, so that it also holds for an address that is imported later.
    """

    Reason = SuppressionReason
    Origin = SuppressionOrigin

    address = models.CharField(max_length=320, help_text="In lower case")
    reason = models.CharField(max_length=12, choices=SuppressionReason)
    detail = models.TextField(blank=True, db_default="")
    origin = models.CharField(
        max_length=8,
        choices=SuppressionOrigin,
        default=SuppressionOrigin.HERE,
        db_default=SuppressionOrigin.HERE,
        help_text="Who knew it first; SendGrid is told of what is entered here",
    )
    pushed_at = models.DateTimeField(null=True, editable=False, help_text="When SendGrid was told")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        permissions = [("lift_suppression", "Can take an address off the suppressions")]
        indexes = [
            models.Index(
                fields=["id"], condition=Q(origin="here", pushed_at=None), name="suppression_to_push"
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["address", "reason"], name="suppression_once_per_reason"),
            models.CheckConstraint(
                condition=Q(address=Lower(F("address"))), name="suppression_in_lower_case"
            ),
            models.CheckConstraint(
                condition=Q(reason__in=SuppressionReason.values), name="suppression_reason_is_known"
            ),
            models.CheckConstraint(
                condition=Q(origin__in=SuppressionOrigin.values), name="suppression_origin_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address}: {self.reason}"


class Lifting(models.Model):
    """Somebody of the staff took an address off the suppressions: which, when, who, why.

    Append-only, which a trigger sees to: a record may only lose what says whose address it was, when that person is
    erased. There is no lifting of a complaint, which a constraint sees to.
    """

    address = models.CharField(max_length=320, db_index=True, help_text="In lower case; empty once erased")
    reason = models.CharField(
        max_length=12, choices=SuppressionReason, help_text="Of the suppression that was lifted"
    )
    detail = models.TextField(blank=True, db_default="", help_text="Of the suppression that was lifted")
    suppressed_at = models.DateTimeField()
    at = models.DateTimeField(db_default=Now())
    by = models.CharField(max_length=200, help_text="The person")
    because = models.TextField(help_text="In that person's words")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(reason__in=SuppressionReason.values) & ~Q(reason=SuppressionReason.COMPLAINT),
                name="lifting_not_of_a_complaint",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address}: {self.reason} lifted by {self.by}"
