"""A question that is asked anew while the database still works on the older one: then that one ends.

A browser that gives a request up tells nobody. Without this each change of a page would leave a query running behind it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection
from psycopg.errors import QueryCanceled

_END_OLDER = """
SELECT pg_cancel_backend(pid) FROM pg_stat_activity
WHERE application_name = %s AND datname = current_database() AND usename = current_user
    AND pid <> pg_backend_pid() AND state = 'active'
"""


class GivenUp(Exception):
    """A newer question came after this one, or it took longer than its transaction allows."""


@contextmanager
def newest(name: str) -> Iterator[None]:
    """End what an older transaction of this name works on, and work under the name; to be entered in a transaction.

    Args:
        name: of who asks and what for: up to 63 letters of ASCII, as PostgreSQL keeps no more of it.
    Raises:
        GivenUp: a statement was cancelled. The transaction can only be rolled back.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute(_END_OLDER, [name])
            cursor.execute("SELECT set_config('application_name', %s, true)", [name])
        yield
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        raise GivenUp from error
