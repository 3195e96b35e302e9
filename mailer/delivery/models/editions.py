"""What goes out: the renderings of an issue, and their links."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import MD5

from mailer.delivery.models.sends import Send
from mailer.issues.models import Story


class Edition(models.Model):
    """One rendering of an issue for everyone in a send who gets the same stories and variant. Never changed once
    written."""

    send = models.ForeignKey(Send, on_delete=models.PROTECT, related_name="editions")
    story_ids = ArrayField(models.IntegerField())
    variant = models.PositiveSmallIntegerField(db_default=0)
    language = models.CharField(max_length=35)
    subject = models.TextField()
    html = models.TextField()
    text = models.TextField()
    tags = models.JSONField(help_text="Merge tags: key, expression, context")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["send", "story_ids", "variant"], name="edition_once_per_stories_and_variant"
            ),
        ]

    def __str__(self) -> str:
        return f"edition {self.pk} of send {self.send_id}"


class Link(models.Model):
    """A link of a send that SendGrid tracks, with the story it belongs to (none: intro, outro, masthead).

    A merge tag in its address stands there as {{ expression }}. One with an empty address stands for all those that were
    clicked and are in no edition.
    """

    send = models.ForeignKey(Send, on_delete=models.PROTECT, related_name="links")
    url = models.TextField()
    story = models.ForeignKey(Story, on_delete=models.PROTECT, null=True, related_name="+")
    label = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("send", MD5("url"), name="link_once_per_send")]

    def __str__(self) -> str:
        return self.url


class EditionLink(models.Model):
    """Where a link stands in an edition. The same address may stand in several places."""

    pk = models.CompositePrimaryKey("edition_id", "place")
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="places", db_index=False)
    place = models.PositiveSmallIntegerField(
        help_text="From 0, top to bottom, as SendGrid counts (url_offset)"
    )
    link = models.ForeignKey(Link, on_delete=models.PROTECT, related_name="places")
    label = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"place {self.place} of edition {self.edition_id}"
