"""Who may be written to, and about what."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now


class Asked(models.TextChoices):
    """What a sign-up form may ask for besides the address and the fields of its own."""

    TOPICS = "topics"
    CADENCE = "cadence"
    NAME = "name"
    LANGUAGE = "language"


class MailingList(models.Model):
    """A list that people subscribe to; a newsletter sends to one."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    public = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Offered to the people of other lists, in their preferences",
    )
    sign_up_open = models.BooleanField("open", default=False, db_default=False)
    sign_up_intro = models.TextField("introduction", blank=True, db_default="")
    sign_up_asks = ArrayField(
        models.CharField(max_length=8, choices=Asked),
        verbose_name="asks for",
        default=list,
        db_default=[],
        blank=True,
    )
    sign_up_fields = models.JSONField(
        "fields of its own",
        default=list,
        db_default=[],
        blank=True,
        help_text="Each becomes an attribute of the subscriber",
    )
    sign_up_next = models.URLField(
        "page after sign-up", blank=True, db_default="", help_text="On your own site; empty: a page of ours"
    )
    confirmed_next = models.URLField(
        "page after confirmation",
        blank=True,
        db_default="",
        help_text="On your own site; empty: a page of ours",
    )
    sign_up_origins = ArrayField(
        models.CharField(max_length=200),
        verbose_name="sites that may call the JSON endpoint",
        default=list,
        db_default=[],
        blank=True,
        help_text="Origins, such as https://www.example.org",
    )
    soft_bounce_limit = models.PositiveSmallIntegerField(
        "refused issues",
        default=3,
        db_default=3,
        help_text="So many with no delivery since, and the mail to somebody is paused; 0: never",
    )
    soft_bounce_issues = models.PositiveSmallIntegerField(
        "among the last issues",
        default=5,
        db_default=5,
        help_text="So many issues of the list are looked at",
    )
    soft_bounce_pause_days = models.PositiveSmallIntegerField("days of pause", default=30, db_default=30)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(sign_up_asks__contained_by=Asked.values), name="mailing_list_asks_are_known"
            ),
            models.CheckConstraint(
                condition=Q(soft_bounce_limit__lte=models.F("soft_bounce_issues")),
                name="mailing_list_soft_bounces_within_issues",
                violation_error_message="There are more refused issues than issues that are looked at.",
            ),
        ]

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
    the distinct sets of topics among a million people come from one scan. Empty means "all topics". There is no index
    on it: whoever asks for a topic gets a good part of the people, and all who chose none, so no plan would use it.
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
        permissions = [("export_subscriber", "Can export subscribers")]
        constraints = [
            models.UniqueConstraint(Lower("email"), name="subscriber_address_unique_without_case"),
            models.CheckConstraint(condition=Q(email__contains="@"), name="subscriber_address_has_at_sign"),
            models.CheckConstraint(
                condition=Q(country="") | Q(country__regex=r"^[A-Z]{2}$"),
                name="subscriber_country_is_iso_3166",
            ),
            models.CheckConstraint(
                condition=Q(erased_at=None)
                | Q(
                    email__endswith="@erased.invalid",
                    first_name="",
                    last_name="",
                    language="",
                    time_zone="",
                    country="",
                    topic_ids=[],
                    attributes={},
                ),
                name="subscriber_erased_says_nothing",
            ),
        ]

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

    # What they point to is checked by a trigger, for all rows of a statement at once (migration 0007).
    subscriber = models.ForeignKey(
        Subscriber, on_delete=models.PROTECT, related_name="subscriptions", db_constraint=False
    )
    # The unique constraint's index begins with the list.
    mailing_list = models.ForeignKey(
        MailingList,
        on_delete=models.PROTECT,
        related_name="subscriptions",
        db_index=False,
        db_constraint=False,
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
