"""The index that finds subscribers by any part of their address and name."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from subscribers.models.people import Subscriber


class SearchEntry(models.Model):
    """The grams of a subscriber's address and name, as numbers: see subscribers/search/grams.py.

    In a table of its own, so that a change of the index does not write the subscriber anew; and of plain arrays,
    because the extension pg_trgm is missing where PostgreSQL is embedded or managed by others.
    """

    subscriber = models.OneToOneField(
        Subscriber, on_delete=models.PROTECT, primary_key=True, related_name="+", db_constraint=False
    )
    grams = ArrayField(models.IntegerField())

    class Meta:
        indexes = [GinIndex(fields=["grams"], name="search_entry_grams")]

    def __str__(self) -> str:
        return f"grams of {self.subscriber_id}"


class SearchChange(models.Model):
    """Subscribers whose grams are not in the index yet: new ones, or changed. Written by triggers.

    A range of numbers, because a million new people are numbered in a row: they cost one row here.
    """

    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"subscribers {self.first_id} to {self.last_id}"
