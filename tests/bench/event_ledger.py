"""A send that went out, as the ledger of a large one looks when its events begin to come: made by the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bench.people import fill_store, issue_for

if TYPE_CHECKING:
    from tests.bench.event_posts import Person


def ledger(recipients: int) -> tuple[list[Person], list[str]]:
    """Fill an empty store, plan a send to everybody, and have it accepted.

    Returns: its recipients, and the addresses of its links.
    """
    from django.db import connection

    from mailer.delivery.plan import plan
    from mailer.delivery.start import send_of
    from tests.bench.event_posts import Person

    fill_store(recipients)
    send = send_of(issue_for(recipients, "events"))
    plan(send)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE delivery_send SET started_at = now() WHERE id = %s", [send.pk])
        cursor.execute("UPDATE delivery_batch SET state = 'accepted', submission_id = gen_random_uuid()")
        cursor.execute(
            """
            INSERT INTO delivery_submission (id, batch_id, size, started_at, finished_at, outcome)
            SELECT submission_id, id, size, '2026-03-02 09:00Z', '2026-03-02 09:00Z', 'accepted' FROM delivery_batch
            """
        )
        cursor.execute(
            """
            INSERT INTO delivery_delivery (send_id, subscriber_id, batch_id)
            SELECT send_id, unnest(subscriber_ids), id FROM delivery_batch ORDER BY id
            """
        )
        cursor.execute("VACUUM ANALYZE delivery_delivery, delivery_batch, delivery_submission")
        cursor.execute("CHECKPOINT")
        cursor.execute(
            """
            SELECT send_id, subscriber.id, email, batch.submission_id::text
            FROM delivery_batch batch, unnest(subscriber_ids) AS recipient (id)
            JOIN subscribers_subscriber subscriber USING (id)
            """
        )
        people = [Person(*row) for row in cursor.fetchall()]
        cursor.execute("SELECT url FROM delivery_link WHERE url <> '' ORDER BY id")
        return people, [url for (url,) in cursor.fetchall()]
