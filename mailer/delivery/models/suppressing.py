"""How far SendGrid's suppression lists were followed."""

from django.db import models
from django.db.models.functions import Now

from subscribers.models import Lifting


class PulledList(models.Model):
    """How far one of SendGrid's suppression lists was read: everything that was entered before `until` is here."""

    name = models.CharField(
        max_length=20, primary_key=True, help_text="As in the API: bounces, spam_reports, …"
    )
    until = models.DateTimeField(help_text="By SendGrid's clock")
    read_at = models.DateTimeField(help_text="When a page of it was read last")

    def __str__(self) -> str:
        return f"{self.name} until {self.until}"


class SuppressionSync(models.Model):
    """How pulling, pushing and removing went the last times."""

    act = models.CharField(max_length=10, primary_key=True, help_text="pull, push or remove")
    succeeded_at = models.DateTimeField(null=True, help_text="When it last went through")
    failing_since = models.DateTimeField(
        null=True, help_text="Its first failure since then; empty while it works"
    )
    failures = models.PositiveIntegerField(db_default=0, help_text="In a row")
    failure = models.CharField(max_length=500, blank=True, db_default="")

    def __str__(self) -> str:
        return f"{self.act} fails since {self.failing_since}" if self.failing_since else f"{self.act} works"


class Removal(models.Model):
    """An address that was lifted from the suppressions stands on none of SendGrid's lists any more."""

    lifting = models.OneToOneField(
        Lifting, on_delete=models.PROTECT, primary_key=True, related_name="removal", db_constraint=False
    )
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"removal of lifting {self.lifting_id}"
