"""What somebody typed into a sign-up form, until the owner of the address confirms it."""

from django.db import models
from django.db.models.functions import Now

from subscribers.models.consent import Wording
from subscribers.models.people import MailingList, Subscriber


class PendingSignUp(models.Model):
    """The choices of a sign-up that is not confirmed. Anybody can type an address: until its owner confirms,
    nothing of this touches what is known of them.

    The link in the confirmation mail carries `expires_at`, and opens this sign-up and no other.
    """

    # The unique constraint's index begins with the list.
    mailing_list = models.ForeignKey(MailingList, on_delete=models.PROTECT, related_name="+", db_index=False)
    subscriber = models.ForeignKey(Subscriber, on_delete=models.PROTECT, related_name="pending_sign_ups")
    chosen = models.JSONField(help_text="Fields of the subscriber, cadence and attributes")
    wording = models.ForeignKey(
        Wording, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    had_left = models.BooleanField(help_text="They had left the list before")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(db_index=True, help_text="In whole seconds, as the link has it")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mailing_list", "subscriber"], name="pending_sign_up_once"),
        ]

    def __str__(self) -> str:
        return f"{self.subscriber} signed up for {self.mailing_list}"
