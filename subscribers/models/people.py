"""Who may be written to, and about what."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
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
    erased_at = models.DateTimeField(
        null=True, editable=False, help_text="Nothing that says who they were is left in the row"
    )

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


class Cadence(models.TextChoices):
    EVERY = "every", "every issue"
    SECOND = "second", "every second issue"
    MONTHLY = "monthly", "one a month"


class PauseReason(models.TextChoices):
    ASKED = "asked", "asked for by the subscriber"
    SOFT_BOUNCES = "soft_bounces", "mail was refused again and again"


class Subscription(models.Model):
    """A subscriber on a mailing list."""

    State = SubscriptionState
    Cadence = Cadence
    PauseReason = PauseReason

    subscriber = models.ForeignKey(Subscriber, on_delete=models.PROTECT, related_name="subscriptions")
    # The unique constraint's index begins with the list.
    mailing_list = models.ForeignKey(
        MailingList, on_delete=models.PROTECT, related_name="subscriptions", db_index=False
    )
    state = models.CharField(max_length=12, choices=SubscriptionState)
    cadence = models.CharField(max_length=8, choices=Cadence, default=Cadence.EVERY, db_default=Cadence.EVERY)
    paused_until = models.DateField(null=True, blank=True)
    paused_because = models.CharField(
        max_length=12, choices=PauseReason, default=PauseReason.ASKED, db_default=PauseReason.ASKED
    )
    source = models.CharField(max_length=200, blank=True, db_default="")
    created_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mailing_list", "subscriber"], name="subscription_once_per_list"),
            models.CheckConstraint(
                condition=Q(state__in=SubscriptionState.values), name="subscription_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(cadence__in=Cadence.values), name="subscription_cadence_is_known"
            ),
            models.CheckConstraint(
                condition=Q(paused_because__in=PauseReason.values), name="subscription_pause_reason_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscriber} on {self.mailing_list}: {self.state}"
