"""SendGrid's Email Logs: evidence whether a submission of unknown outcome was accepted.

https://www.twilio.com/docs/sendgrid/api-reference/email-logs. Thirty days back, no paging. A request is accepted
whole, so the logs of one to three of its recipients settle it; "not found" counts only after some minutes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mailer.sendgrid.client import SendGrid
from mailer.sendgrid.errors import CallFailed, SendGridError

LIMIT = 1000


@dataclass(frozen=True)
class LoggedMessage:
    """One message that SendGrid took: its id, to whom, its status (processed, delivered, deferred, dropped, bounced,
    blocked) and when it was taken, as SendGrid writes it (ISO 8601)."""

    sg_message_id: str
    to_email: str = field(repr=False)
    status: str
    created_at: str


def query(
    *,
    to_email: str | None = None,
    categories: Sequence[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
) -> str:
    """Write a query: all conditions must hold. `since` is inclusive, `until` exclusive; both with a time zone.

    Raises SendGridError (`bad_query`) when there is no condition, a value holds its own quote or a
    backslash (the language has no documented way to write one), or a time has no zone.
    """
    conditions = []
    if to_email is not None:
        conditions.append(f'to_email="{_quotable(to_email, chr(34))}"')
    if categories:
        listed = ", ".join(f"'{_quotable(category, chr(39))}'" for category in categories)
        conditions.append(f"categories IN ({listed})")
    if since is not None:
        conditions.append(f"sg_message_id_created_at>={_timestamp(since)}")
    if until is not None:
        conditions.append(f"sg_message_id_created_at<{_timestamp(until)}")
    if not conditions:
        raise SendGridError("bad_query", "A query of SendGrid's logs needs at least one condition")
    return " AND ".join(conditions)


def find_messages(client: SendGrid, query: str, limit: int = LIMIT) -> tuple[LoggedMessage, ...]:
    """The messages that match, at most `limit` (1 to 1,000): as many as asked for means there may be more.

    Raises CallFailed.
    """
    decoded = client.call("post", "logs", body={"query": query, "limit": limit})
    rows = decoded.get("messages") if isinstance(decoded, dict) else None
    if not isinstance(rows, list):
        raise CallFailed("unexpected", "POST /v3/logs was answered without a list of messages")
    return tuple(_read(row) for row in rows if isinstance(row, dict) and _text(row, "sg_message_id"))


def custom_args(client: SendGrid, sg_message_id: str) -> dict[str, str] | None:
    """The custom_args that a message was sent with; empty when SendGrid shows none, None when it knows no such message.

    Raises CallFailed.
    """
    try:
        decoded = client.call("get", "logs", sg_message_id)
    except CallFailed as failure:
        if failure.status == 404:
            return None
        raise
    found = decoded.get("custom_args") if isinstance(decoded, dict) else None
    if not isinstance(found, dict):
        return {}
    return {name: value for name, value in found.items() if isinstance(value, str)}


def _read(row: Mapping[str, object]) -> LoggedMessage:
    names = ("sg_message_id", "to_email", "status", "sg_message_id_created_at")
    return LoggedMessage(*(_text(row, name) for name in names))


def _quotable(value: str, quote: str) -> str:
    if quote in value or "\\" in value or not value.isprintable():
        raise SendGridError(
            "bad_query", "A value with a quote or backslash cannot be looked up in SendGrid's logs"
        )
    return value


def _text(row: Mapping[str, object], name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""


def _timestamp(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise SendGridError("bad_query", "A time without a time zone cannot be looked up in SendGrid's logs")
    return f'TIMESTAMP "{moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}"'
