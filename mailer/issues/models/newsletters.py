"""The publication, and how it looks, goes out and is approved."""

import re
from collections.abc import Mapping
from functools import cache
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from mailer.issues.builder.content import Utm
from mailer.issues.builder.utm import PLACEHOLDERS, needs_source, problem_of
from subscribers.models import MailingList

MOST_AN_HOUR = 1_000_000_000
"""Recipients. A ceiling above that is a slip, and none."""


@cache
def _time_zones() -> frozenset[str]:
    """Read from files once, since every plan checks a newsletter."""
    return frozenset(available_timezones())


def check_time_zone(name: str) -> None:
    """Raises ValidationError for what is not the name of a time zone."""
    if name not in _time_zones():
        raise ValidationError(f"{name!r} is not the name of a time zone. Write it as Asia/Singapore.")


def check_domain_ceilings(ceilings: object) -> None:
    """Raises ValidationError for what is not a mapping from domains to numbers from 1 to MOST_AN_HOUR."""
    if not isinstance(ceilings, Mapping) or not all(
        re.fullmatch(r"[a-z0-9.-]+\.[a-z0-9-]+", str(domain))
        and type(number) is int
        and 0 < number <= MOST_AN_HOUR
        for domain, number in ceilings.items()
    ):
        raise ValidationError('Write domains in small letters, with recipients an hour: {"gmail.com": 5000}')


class Theme(models.TextChoices):
    DIGEST = "digest", "Numbered digest"
    LETTER = "letter", "Plain letter"


class Font(models.TextChoices):
    """Of a newsletter's mails; each is a stack of what mail programs have."""

    THEME = "", "As the theme has it"
    SANS = "sans", "Sans serif"
    SERIF = "serif", "Serif"
    ROUNDED = "rounded", "Rounded"
    MONO = "mono", "Typewriter"


COLOUR = RegexValidator(r"^#[0-9a-fA-F]{6}$", "Write it as #0f5c6e.")


class Newsletter(models.Model):
    """The publication: who sends, to which list, in which theme, from which postal address."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    tagline = models.CharField(max_length=300, blank=True)
    mailing_list = models.ForeignKey(MailingList, on_delete=models.PROTECT, related_name="newsletters")
    theme = models.CharField(max_length=20, choices=Theme, default=Theme.DIGEST)
    own_theme = models.ForeignKey(
        "OwnTheme",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="newsletters",
        help_text="One that was uploaded, in place of a built-in theme",
    )
    language = models.CharField(max_length=35, default="en", help_text="BCP 47, such as zh-Hans")
    from_name = models.CharField(max_length=200)
    from_email = models.EmailField()
    reply_to = models.EmailField(blank=True)
    unsubscribe_email = models.EmailField(
        blank=True, help_text="A mailbox that someone reads, for mail programs that unsubscribe by mail"
    )
    website = models.URLField(blank=True)
    logo = models.URLField(blank=True)
    colour = models.CharField(
        max_length=7,
        default="#0f5c6e",
        validators=[COLOUR],
    )
    page_colour = models.CharField(
        max_length=7,
        blank=True,
        db_default="",
        validators=[COLOUR],
        help_text="Behind the issue; empty: the theme's",
    )
    font = models.CharField(max_length=10, choices=Font, blank=True, default=Font.THEME, db_default="")
    needs_approval = models.BooleanField(
        default=False,
        db_default=False,
        help_text="An issue goes out only after somebody other than who asks has approved it",
    )
    postal_address = models.TextField(help_text="The law of many countries wants it in every mail")
    owner_email = models.EmailField(
        blank=True, help_text="Who is told by mail when a send pauses itself or needs attention"
    )
    time_zone = models.CharField(
        max_length=64,
        default="UTC",
        db_default="UTC",
        validators=[check_time_zone],
        help_text="IANA, such as Asia/Singapore: of its schedule, and of readers who have no zone and no country",
    )
    lateness_limit = models.PositiveSmallIntegerField(
        default=6,
        db_default=6,
        validators=[MinValueValidator(1)],
        help_text="Hours. What the system comes too late for by more than this is held, not sent",
    )
    hourly_ceiling = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Recipients an hour; empty: no limit",
    )
    domain_ceilings = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        validators=[check_domain_ceilings],
        help_text='Recipients an hour by receiving domain, such as {"gmail.com": 5000}',
    )
    warm_up_from = models.DateField(
        null=True, blank=True, help_text="First day of the warm-up of a new sender; empty: none"
    )
    warm_up_first_day = models.PositiveIntegerField(
        default=200,
        db_default=200,
        validators=[MinValueValidator(1)],
        help_text="Recipients on the first day; the rest goes on the days after",
    )
    warm_up_growth = models.PositiveSmallIntegerField(
        default=50,
        db_default=50,
        validators=[MinValueValidator(1), MaxValueValidator(900)],
        help_text="Percent by which each day may have more than the one before",
    )
    report_by_mail = models.BooleanField(
        default=False, db_default=False, help_text="The owner gets a summary a day after each issue"
    )
    archive = models.BooleanField(
        "public archive",
        default=False,
        db_default=False,
        help_text="Issues that were sent stand on the web, for everybody",
    )
    utm_source = models.CharField(
        max_length=100, blank=True, db_default="", help_text="Added to links as utm_source; empty: nothing is"
    )
    utm_medium = models.CharField(max_length=100, blank=True, db_default="")
    utm_campaign = models.CharField(
        max_length=100, blank=True, db_default="", help_text="May hold {newsletter}, {issue} and {date}"
    )
    utm_content = models.CharField(
        max_length=100, blank=True, db_default="", help_text="May hold {story}: its number in the issue"
    )
    welcome_issue = models.ForeignKey(
        "Issue",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Sent to whoever confirms a subscription, once. It goes to nobody else",
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(theme__in=Theme.values), name="newsletter_theme_is_known"),
            models.CheckConstraint(
                condition=Q(hourly_ceiling=None) | Q(hourly_ceiling__gt=0),
                name="newsletter_hourly_ceiling_above_0",
            ),
            models.CheckConstraint(
                condition=Q(warm_up_first_day__gt=0, warm_up_growth__gt=0), name="newsletter_warm_up_grows"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Raises ValidationError for what its fields let through: ceilings that are empty but no mapping, a warm-up of
        another age, UTM parameters that cannot be added to links, another newsletter's issue."""
        if self.domain_ceilings is None:  # an emptied field of the form
            self.domain_ceilings = {}
        if not self.domain_ceilings:
            try:
                check_domain_ceilings(self.domain_ceilings)
            except ValidationError as error:
                raise ValidationError({"domain_ceilings": error.messages}) from error
        self._check_utm()
        if self.welcome_issue and self.welcome_issue.newsletter_id != self.pk:
            raise ValidationError({"welcome_issue": "Choose an issue of this newsletter."})
        if self.warm_up_from and not 2000 <= self.warm_up_from.year <= 2200:
            raise ValidationError({"warm_up_from": "Write a day from 2000 to 2200: look at the year."})

    def _check_utm(self) -> None:
        written = {name: getattr(self, f"utm_{name}") for name in PLACEHOLDERS}
        problems = {f"utm_{name}": problem_of(name, text) for name, text in written.items()}
        if needs_source(Utm(**written)):
            problems["utm_source"] = "Write utm_source too: without it nothing is added to the links."
        if any(problems.values()):
            raise ValidationError({name: problem for name, problem in problems.items() if problem})
