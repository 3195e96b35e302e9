"""What programs did, by the rule that tells them from people."""

from collections.abc import Mapping

from django.db.backends.utils import CursorWrapper

from mailer.tracking.machines import WORDS
from mailer.tracking.reports.figures import Machine, Totals


def machine_acts(cursor: CursorWrapper, send_id: int, openers: Mapping[str, Totals]) -> tuple[Machine, ...]:
    """Opens and clicks, the most frequent first.

    Args:
        openers: the figures of people by the rule of their machine open.
    """
    opens = [("opened", rule, totals.machine_opened) for rule, totals in openers.items()]
    cursor.execute(
        """
        SELECT 'clicked', click.rule, count(DISTINCT click.subscriber_id)
        FROM delivery_link link JOIN tracking_click click ON click.link_id = link.id
        WHERE link.send_id = %s AND click.rule <> '' GROUP BY 2
        """,
        [send_id],
    )
    found = [
        Machine(act, rule, WORDS.get(rule, rule) or "no rule was kept", people)
        for act, rule, people in (*opens, *cursor.fetchall())
        if people
    ]
    return tuple(sorted(found, key=lambda each: (each.act != "opened", -each.people, each.rule)))
