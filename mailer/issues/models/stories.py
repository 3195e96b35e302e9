"""What an issue is made of, and where stories come from."""

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from mailer.issues.models.issues import Issue
from mailer.issues.models.newsletters import Newsletter
from subscribers.models import Topic


class Story(models.Model):
    """One item of an issue, in order, with topics; or of a newsletter's backlog, waiting for an issue."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, null=True, blank=True, related_name="stories")
    newsletter = models.ForeignKey(
        Newsletter,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="backlog",
        help_text="Whose backlog it waits in; empty for a story of an issue",
    )
    position = models.PositiveSmallIntegerField(null=True, blank=True, help_text="In its issue, from 1")
    hidden = models.BooleanField(
        default=False, db_default=False, help_text="Kept in the issue, and shown to nobody"
    )
    headline = models.CharField(max_length=300)
    body = models.TextField(help_text="Markdown")
    link = models.CharField(max_length=2000, blank=True)
    link_label = models.CharField(max_length=100, blank=True)
    image = models.CharField(max_length=2000, blank=True)
    image_alt = models.CharField(max_length=300, blank=True)
    topics = models.ManyToManyField(Topic, blank=True, related_name="stories")
    for_everyone = models.BooleanField(default=False, help_text="Shown whatever topics a subscriber chose")

    touched_at = models.DateTimeField(
        null=True, blank=True, help_text="When somebody last worked on it; empty: as a feed brought it"
    )
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["issue", "position"]
        verbose_name_plural = "stories"
        constraints = [
            models.CheckConstraint(
                condition=Q(issue__isnull=False, newsletter=None, position__isnull=False)
                | Q(issue=None, newsletter__isnull=False, position=None),
                name="story_of_an_issue_or_a_backlog",
            ),
            models.UniqueConstraint(
                fields=["issue", "position"],
                name="story_position_once_per_issue",
                deferrable=models.Deferrable.DEFERRED,
            ),
        ]

    def __str__(self) -> str:
        return self.headline


class Image(models.Model):
    """A picture of a story or a logo, written anew from what was uploaded, so that it holds nothing but a picture."""

    newsletter = models.ForeignKey(Newsletter, on_delete=models.CASCADE, related_name="images")
    file = models.FileField(upload_to="images/%Y/%m", max_length=200, unique=True)
    name = models.CharField(max_length=200, help_text="Of the file that was uploaded")
    alt = models.CharField(max_length=300, blank=True, db_default="")
    width = models.PositiveIntegerField(help_text="Pixels")
    height = models.PositiveIntegerField(help_text="Pixels")
    size = models.PositiveIntegerField(help_text="Bytes")
    sha256 = models.CharField(max_length=64, help_text="Of the file as it is kept")
    at = models.DateTimeField(db_default=Now())
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["newsletter", "sha256"], name="image_once_per_newsletter"),
        ]

    def __str__(self) -> str:
        return self.name


class Feed(models.Model):
    """An RSS or Atom feed whose entries become stories of a newsletter's backlog."""

    newsletter = models.ForeignKey(Newsletter, on_delete=models.CASCADE, related_name="feeds")
    url = models.URLField(max_length=2000)
    title = models.CharField(max_length=300, blank=True, help_text="Empty: as the feed calls itself")
    topics = models.ManyToManyField(
        Topic, blank=True, related_name="feeds", help_text="Given to each of its stories"
    )
    enabled = models.BooleanField(default=True, db_default=True)
    every = models.PositiveIntegerField(
        default=60, db_default=60, validators=[MinValueValidator(5)], help_text="Minutes between two looks"
    )
    etag = models.CharField(max_length=300, blank=True, db_default="")
    modified = models.CharField(max_length=100, blank=True, db_default="")
    looked_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0, db_default=0, help_text="In a row")
    failed_because = models.CharField(max_length=500, blank=True, db_default="")

    class Meta:
        ordering = ["newsletter", "id"]
        constraints = [
            models.UniqueConstraint(fields=["newsletter", "url"], name="feed_once_per_newsletter"),
        ]

    def __str__(self) -> str:
        return self.title or self.url


class FeedEntry(models.Model):
    """An entry of a feed that was taken: it comes back no more, also where its story was deleted."""

    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="entries", db_index=False)
    key = models.CharField(max_length=64, help_text="SHA-256 of the entry's id")
    story = models.ForeignKey(Story, on_delete=models.SET_NULL, null=True, related_name="entries")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["feed", "key"], name="feed_entry_once")]

    def __str__(self) -> str:
        return f"{self.key[:12]} of {self.feed}"
