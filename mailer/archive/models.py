"""What stands on the web of a send."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Now

from mailer.delivery.models import Send


class WebEdition(models.Model):
    """A send's issue with all of its stories, in one variant, as it was when the send was planned. Never changed once
    written, whatever becomes of the issue afterwards.

    It is written whether or not the newsletter has a public archive: who switches one on has the past in it.
    """

    send = models.ForeignKey(Send, on_delete=models.CASCADE, related_name="web_editions", db_index=False)
    variant = models.PositiveSmallIntegerField(db_default=0)
    language = models.CharField(max_length=35)
    subject = models.TextField(help_text="As it reads for nobody in particular, like all but html")
    description = models.TextField(blank=True, help_text="The preheader")
    html = models.TextField(help_text="The mail, with the keys of its merge tags")
    tags = models.JSONField(help_text="Merge tags: key, expression, context")
    stories = models.JSONField(help_text="Of each story: number in the issue, headline, topics by id")
    topic_ids = ArrayField(models.IntegerField(), help_text="Of all stories")
    image = models.TextField(blank=True, help_text="Address of the first picture")
    image_alt = models.TextField(blank=True)
    text = models.TextField(help_text="The text of the issue without links, which is searched")
    words = SearchVectorField(help_text="Of subject, headlines and text")
    kept_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["send", "variant"], name="web_edition_once_per_variant"),
        ]
        indexes = [GinIndex(fields=["words"], name="web_edition_words")]

    def __str__(self) -> str:
        return f"web edition {self.pk} of send {self.send_id}"
