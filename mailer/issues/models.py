"""What editors work on: newsletter, issue, story."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from subscribers.models import MailingList, Topic


class Theme(models.TextChoices):
    DIGEST = "digest", "Numbered digest"
    LETTER = "letter", "Plain letter"


class Newsletter(models.Model):
    """The publication: who sends, to which list, in which theme, from which postal address."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    tagline = models.CharField(max_length=300, blank=True)
    mailing_list = models.ForeignKey(MailingList, on_delete=models.PROTECT, related_name="newsletters")
    theme = models.CharField(max_length=20, choices=Theme, default=Theme.DIGEST)
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
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$", "Write it as #0f5c6e.")],
    )
    postal_address = models.TextField(help_text="The law of many countries wants it in every mail")

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(theme__in=Theme.values), name="newsletter_theme_is_known"),
        ]

    def __str__(self) -> str:
        return self.name


class Issue(models.Model):
    """One number of a newsletter: its stories, and what stands around them."""

    newsletter = models.ForeignKey(Newsletter, on_delete=models.PROTECT, related_name="issues")
    number = models.PositiveIntegerField()
    date = models.DateField()
    subject = models.CharField(
        max_length=300, help_text='May hold tags: {{ subscriber.first_name or "there" }}'
    )
    preheader = models.CharField(max_length=300, blank=True)
    intro = models.TextField(blank=True, help_text="Markdown")
    outro = models.TextField(blank=True, help_text="Markdown")
    call_to_action_label = models.CharField(max_length=100, blank=True)
    call_to_action_link = models.CharField(max_length=2000, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["newsletter", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["newsletter", "number"], name="issue_number_once_per_newsletter"),
        ]

    def __str__(self) -> str:
        return f"{self.newsletter.slug}/{self.number}"


class Story(models.Model):
    """One item of an issue, in order, with topics."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="stories")
    position = models.PositiveSmallIntegerField()
    headline = models.CharField(max_length=300)
    body = models.TextField(help_text="Markdown")
    link = models.CharField(max_length=2000, blank=True)
    link_label = models.CharField(max_length=100, blank=True)
    image = models.CharField(max_length=2000, blank=True)
    image_alt = models.CharField(max_length=300, blank=True)
    topics = models.ManyToManyField(Topic, blank=True, related_name="stories")
    for_everyone = models.BooleanField(default=False, help_text="Shown whatever topics a subscriber chose")

    class Meta:
        ordering = ["issue", "position"]
        verbose_name_plural = "stories"
        constraints = [
            models.UniqueConstraint(
                fields=["issue", "position"],
                name="story_position_once_per_issue",
                deferrable=models.Deferrable.DEFERRED,
            ),
        ]

    def __str__(self) -> str:
        return self.headline
