"""Which grams of a text to ask the index for: the rarest, as far as PostgreSQL's statistics tell.

A gram that half the people have tells little, and costs a look into a list of millions.
"""

import time
from collections.abc import Iterable
from functools import lru_cache

from django.db import connection

MOST = 6
"""Grams of which an index is asked; who has these is looked at anyway."""
KEPT = 600
"""Seconds for which the statistics are kept in memory."""


def rarest(grams: Iterable[int]) -> list[int]:
    """Up to MOST of the grams: those that fewest people have."""
    shares = _shares(int(time.monotonic() / KEPT))
    return sorted(grams, key=lambda gram: (shares.get(gram, 0.0), gram))[:MOST]


@lru_cache(maxsize=1)
def _shares(_: int) -> dict[int, float]:
    """The share of people that have each of the most common grams; empty before the table was first analysed."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT gram, share FROM pg_stats,
                unnest(most_common_elems::text::int[], most_common_elem_freqs) AS common (gram, share)
            WHERE schemaname = current_schema() AND tablename = 'subscribers_searchentry' AND attname = 'grams'
                AND gram IS NOT NULL
            """
        )
        return dict(cursor.fetchall())
