"""Who may do what on the staff site."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from mailer.issues.models import Newsletter


class RoleName(models.TextChoices):
    EDITOR = "editor", "Editor"
    APPROVER = "approver", "Approver"
    MARKETER = "marketer", "Marketer"
    ADMINISTRATOR = "administrator", "Administrator"
    READER = "reader", "Read only"


class Role(models.Model):
    """What somebody is at one newsletter, or at all of them."""

    Name = RoleName

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="roles")
    name = models.CharField("role", max_length=13, choices=RoleName)
    newsletter = models.ForeignKey(
        Newsletter,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="roles",
        help_text="Empty: at every newsletter, and for what belongs to none",
    )
    since = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["user", "newsletter", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "name", "newsletter"], nulls_distinct=False, name="role_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_name_display()} of {self.newsletter or 'all newsletters'}"
