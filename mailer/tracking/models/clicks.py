"""Who clicked what."""

from django.db import models
from django.db.models import Q

from mailer.delivery.models import Edition, Link
from subscribers.models import Subscriber


class ClickRule(models.TextChoices):
    """Why a click is taken for a program's."""

    SCANNER = "scanner", "a known scanner's user agent or network"
    BURST = "burst", "many links at once, just after delivery and before any open"
    INSTANT = "instant", "faster after delivery than anybody reads, before any open"


class Click(models.Model):
    """A click of a subscriber on a link, each moment once. Machines' clicks have a rule, people's none.

    Whether a click belongs to a burst shows only in all clicks of a delivery together, so every one is kept.
    """

    Rule = ClickRule

    pk = models.CompositePrimaryKey("link_id", "subscriber_id", "at")
    link = models.ForeignKey(Link, on_delete=models.PROTECT, related_name="clicks", db_index=False)
    subscriber = models.ForeignKey(Subscriber, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    # Always the one of the delivery's batch: click maps are counted from clicks alone. Like that it is never deleted.
    edition = models.ForeignKey(
        Edition, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    place = models.PositiveSmallIntegerField(
        null=True, help_text="Of the link in the mail, from 0; the same address may stand in several"
    )
    rule = models.CharField(max_length=10, choices=ClickRule, blank=True, db_default="")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(rule__in=["", *ClickRule.values]), name="click_rule_is_known")
        ]

    def __str__(self) -> str:
        return f"{self.subscriber_id} on link {self.link_id}"
