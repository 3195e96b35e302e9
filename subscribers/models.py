"""The subscriber store: who may be written to, about what, and the proof that they agreed.

State and constraints only; what changes them stands in the modules named for the act.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now


class MailingList(models.Model):
    """A list that people subscribe to; a newsletter sends to one."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Topic(models.Model):
    """A subject that subscribers choose and stories carry.

    A topic is retired, never deleted: subscribers hold topics by number in an array, which a foreign key
    cannot guard, so a trigger refuses the deletion.
    """

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=100, unique=True)
    retired = models.BooleanField(default=False, db_default=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Subscriber(models.Model):
    """A person with an address.

    `topic_ids` is an array and no join table because every send reads it for every candidate: as an array
    the distinct sets of topics among a million people come from one scan. Empty means "all topics".
    """

    email = models.CharField(max_length=320)
    first_name = models.CharField(max_length=200, blank=True, db_default="")
    last_name = models.CharField(max_length=200, blank=True, db_default="")
    language = models.CharField(max_length=35, blank=True, db_default="", help_text="BCP 47, such as zh-Hans")
    time_zone = models.CharField(
        max_length=64, blank=True, db_default="", help_text="IANA, such as Asia/Singapore"
    )
    country = models.CharField(max_length=2, blank=True, db_default="", help_text="ISO 3166-1, two letters")
    topic_ids = ArrayField(models.IntegerField(), default=list, db_default=[], blank=True)
    attributes = models.JSONField(default=dict, db_default={}, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="subscriber_address_unique_without_case"),
            models.CheckConstraint(condition=Q(email__contains="@"), name="subscriber_address_has_at_sign"),
            models.CheckConstraint(
                condition=Q(country="") | Q(country__regex=r"^[A-Z]{2}$"),
                name="subscriber_country_is_iso_3166",
            ),
        ]
        indexes = [GinIndex(fields=["topic_ids"], name="subscriber_topics")]

    def __str__(self) -> str:
        return self.email


class SubscriptionState(models.TextChoices):
    PENDING = "pending"
    ACTIVE = "active"
    UNSUBSCRIBED = "unsubscribed"


class Subscription(models.Model):
    """A subscriber on a mailing list."""

    State = SubscriptionState

    subscriber = models.ForeignKey(Subscriber, on_delete=models.PROTECT, related_name="subscriptions")
    # The unique constraint's index begins with the list.
    mailing_list = models.ForeignKey(
        MailingList, on_delete=models.PROTECT, related_name="subscriptions", db_index=False
    )
    state = models.CharField(max_length=12, choices=SubscriptionState)
    paused_until = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=200, blank=True, db_default="")
    created_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mailing_list", "subscriber"], name="subscription_once_per_list"),
            models.CheckConstraint(
                condition=Q(state__in=SubscriptionState.values), name="subscription_state_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscriber} on {self.mailing_list}: {self.state}"


class ConsentAction(models.TextChoices):
    IMPORTED = "imported"
    SIGNED_UP = "signed_up"
    CONFIRMED = "confirmed"
    CHANGED = "changed"
    LEFT = "left"


class Consent(models.Model):
    """What a person agreed to or took back: when, how, from where. Append-only: a trigger refuses the rest."""

    Action = ConsentAction

    subscriber = models.ForeignKey(
        Subscriber, on_delete=models.PROTECT, related_name="consents", db_index=False
    )
    mailing_list = models.ForeignKey(
        MailingList, on_delete=models.PROTECT, related_name="consents", db_index=False
    )
    action = models.CharField(max_length=12, choices=ConsentAction)
    at = models.DateTimeField(db_default=Now())
    source = models.CharField(max_length=200, help_text="The act: a file's name, a page, an event")
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
