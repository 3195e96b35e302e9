"""Themes that were uploaded."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class OwnTheme(models.Model):
    """A theme of somebody's own: MJML templates as the built-in ones, kept in the database."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    newsletter = models.ForeignKey(
        "Newsletter",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="own_themes",
        help_text="Whose it is; empty: offered to every newsletter",
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ThemeVersion(models.Model):
    """What somebody uploaded. The newest version of a theme is the one that is used."""

    theme = models.ForeignKey(OwnTheme, on_delete=models.CASCADE, related_name="versions", db_index=False)
    number = models.PositiveIntegerField(help_text="From 1")
    files = models.JSONField(help_text="Source by file name; issue.mjml is the first that is read")
    note = models.CharField(max_length=300, blank=True, db_default="")
    at = models.DateTimeField(db_default=Now())
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["theme", "-number"]
        constraints = [models.UniqueConstraint(fields=["theme", "number"], name="theme_version_once")]

    def __str__(self) -> str:
        return f"{self.theme}, version {self.number}"
