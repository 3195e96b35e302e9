"""What the system has to write to one person."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from subscribers.models.people import MailingList, Subscriber


class LetterKind(models.TextChoices):
    CONFIRM = "confirm", "confirm the subscription"
    ALREADY = "already", "somebody signed up with an address that is on the list"
    ADDRESS = "address", "confirm a new address"
    MOVED = "moved", "tell the former address that mail goes to a new one"
    LINK = "link", "the link to one's own preferences"
    EXPORT = "export", "the link to all that is held on a person"
    ERASE = "erase", "confirm the erasure of all that is held on a person"


class Letter(models.Model):
    """A mail of the system to one person: confirmation, a link of one's own. Not an issue.

    It is written in the transaction of the act that calls for it; whoever hands mail over reads it from here.
    What it says is made when it leaves, from the newest truth, so nothing of it is kept.
    """

    Kind = LetterKind

    kind = models.CharField(max_length=12, choices=LetterKind)
    subscriber = models.ForeignKey(Subscriber, on_delete=models.PROTECT, related_name="letters")
    mailing_list = models.ForeignKey(
        MailingList,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="In whose name it goes out",
    )
    address = models.CharField(
        max_length=320, blank=True, db_default="", help_text="Where it goes; empty: the subscriber's own"
    )
    reference = models.BigIntegerField(
        null=True,
        help_text="What it is about: the number of an address change, or when a confirmation's link ends",
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=LetterKind.values), name="letter_kind_is_known"),
        ]

    def __str__(self) -> str:
        return f"letter {self.pk}: {self.kind}"
