"""What people ask for and say on the pages of their own."""

from django.db import models
from django.db.models.functions import Now

from subscribers.models.people import MailingList, Subscriber


class AddressChange(models.Model):
    """Somebody wants their mail at another address. It holds once it is confirmed from there.

    Of one person's changes only the newest can be confirmed.
    """

    subscriber = models.ForeignKey(Subscriber, on_delete=models.PROTECT, related_name="address_changes")
    address = models.CharField(max_length=320, help_text="The new one")
    asked_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"address change {self.pk}"


class Remark(models.Model):
    """What somebody said when they left a list, in their own words.

    Not in the record of consent, which is never changed: what a person wrote must be erasable.
    """

    subscriber = models.ForeignKey(Subscriber, on_delete=models.PROTECT, related_name="remarks")
    mailing_list = models.ForeignKey(
        MailingList, on_delete=models.PROTECT, related_name="remarks", db_index=False
    )
    text = models.TextField()
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"remark {self.pk}"
