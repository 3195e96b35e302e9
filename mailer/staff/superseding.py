"""A question that is asked anew while the database still works on the older one: then that one ends.

A browser that gives a request up tells nobody. Without this each change of a page would leave a query running behind it.
"""

from django.db import connection

_END_OLDER = """
SELECT pg_cancel_backend(pid) FROM pg_stat_activity
WHERE application_name = %s AND datname = current_database() AND usename = current_user
    AND pid <> pg_backend_pid() AND state = 'active'
"""


def end_older(name: str) -> None:
    """End what an older transaction of this name works on, and give this transaction the name.

    To be called in a transaction. Its statements fail as cancelled ones (57014 in PostgreSQL's appendix A) once a newer
    one begins.

    Args:
        name: of who asks and what for: up to 63 letters of ASCII, as PostgreSQL keeps no more of it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_END_OLDER, [name])
        cursor.execute("SELECT set_config('application_name', %s, true)", [name])
