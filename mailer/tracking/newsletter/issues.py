"""Which issues of a newsletter went out last."""

from django.db.backends.utils import CursorWrapper

from mailer.tracking.newsletter.figures import Sent

# An issue has gone out when the first of its requests was accepted. All sends of an issue are one. A welcome goes to
# each when they confirm: it belongs to no week.
_ISSUES = """
SELECT issue.number, issue.date, array_agg(send.id ORDER BY send.id)
FROM delivery_send send JOIN issues_issue issue ON issue.id = send.issue_id
WHERE issue.newsletter_id = %s AND NOT send.rolling
    AND EXISTS (SELECT FROM delivery_batch batch WHERE batch.send_id = send.id AND batch.state = 'accepted')
GROUP BY issue.id ORDER BY min(send.started_at) DESC NULLS LAST, issue.id DESC
LIMIT %s
"""


def last_issues(cursor: CursorWrapper, newsletter_id: int, most: int) -> tuple[Sent, ...]:
    """The last issues that went out, the newest first."""
    cursor.execute(_ISSUES, [newsletter_id, most])
    return tuple(Sent(number, date, tuple(sends)) for number, date, sends in cursor.fetchall())


def sends_of(issues: tuple[Sent, ...]) -> list[int]:
    """The sends of these issues."""
    return [send for issue in issues for send in issue.sends]


def aged(issues: tuple[Sent, ...]) -> dict[str, list[int]]:
    """Their sends, and beside each the age of its issue (1 is the newest), as queries take them (readers.py)."""
    pairs = [(send, age) for age, issue in enumerate(issues, 1) for send in issue.sends]
    return {"sends": [send for send, _ in pairs], "ages": [age for _, age in pairs]}
