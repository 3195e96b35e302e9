"""Reports as they are kept: counted, written as JSON, and read back with one query."""

from django.db import connection

from mailer.delivery.models import Send
from mailer.tracking.as_json import read, written
from mailer.tracking.reports.count import report
from mailer.tracking.reports.figures import VERSION, Report


def count_and_keep(send: Send) -> Report:
    """Count a send's report and keep it, unless somebody kept a later one meanwhile."""
    found = report(send)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO tracking_sendfigures (send_id, counted_at, version, seconds, data)
            VALUES (%s, %s, %s, %s, %s::jsonb)
            ON CONFLICT (send_id) DO UPDATE SET counted_at = excluded.counted_at, version = excluded.version,
                seconds = excluded.seconds, data = excluded.data
            WHERE coalesce(tracking_sendfigures.counted_at <= excluded.counted_at, true)
            """,
            [found.send_id, found.counted_at, VERSION, found.seconds, written(found)],
        )
    return found


def kept_report(send_id: int) -> Report | None:
    """The report as it was counted last; None where there is none, or only one of another form."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT data::text FROM tracking_sendfigures WHERE send_id = %s AND version = %s",
            [send_id, VERSION],
        )
        row = cursor.fetchone()
    try:
        return read(Report, row[0]) if row else None
    except (KeyError, TypeError, ValueError):  # the classes changed, and nobody raised VERSION
        return None
