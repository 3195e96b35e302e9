"""Sending a test mail: one request, at the account's pace, and what came of it. It is never made twice by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import structlog

from mailer.delivery.pacing.pace import Later, pace
from mailer.delivery.submit import sendgrid
from mailer.delivery.testing.addresses import suppressed
from mailer.delivery.testing.seen_as import SeenAs, mail_as
from mailer.issues.builder.content import PersonalisedMail
from mailer.issues.models import Issue
from mailer.sendgrid.errors import PayloadError
from mailer.sendgrid.outcome import Accepted, Outcome, Rejected, Retry, TooLarge, Unknown, classify
from mailer.sendgrid.payload import Message, RecipientParts, body, compile_message

log = structlog.get_logger()
MARK = "[Test]"
PATIENCE = 2.0
"""Seconds to wait for a turn: somebody looks at the page meanwhile."""


class Came(StrEnum):
    """What came of a test mail."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class TestOutcome:
    """What came of a test mail.

    Args:
        to: the addresses that it was, or may have been, sent to.
        refused: those that must get nothing, and why.
        says: in words, with what to do.
    """

    came: Came
    to: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]
    says: str


def send_test(issue: Issue, reader: SeenAs, addresses: Sequence[str]) -> TestOutcome:
    """Send an issue as a reader sees it to a few addresses, as a test.

    Its subject says that it is one, its links are not tracked, and its events are those of no delivery.

    Args:
        addresses: as addresses.read_addresses gives them.
    Raises:
        BuildError, BadTestMail: see seen_as.mail_as.
    """
    mail = mail_as(issue, reader)
    barred = suppressed(addresses)
    to = tuple(address for address in addresses if address not in barred)
    refused = tuple(barred.items())
    if not to:
        return TestOutcome(
            Came.NOT_SENT, (), refused, "Nothing was sent: none of the addresses may get mail."
        )
    try:
        request = _request(issue, mail, to)
    except PayloadError as error:
        return TestOutcome(Came.NOT_SENT, (), refused, f"Nothing was sent. {error.message}.")
    lease = pace().enter(len(to), PATIENCE)
    if isinstance(lease, Later):
        return TestOutcome(Came.NOT_SENT, (), refused, _later(lease))
    outcome: Outcome | None = None
    status = None
    try:
        answer = sendgrid().send_mail(request)
        outcome, status = classify(answer), answer.status
    finally:
        pace().leave(lease, outcome, status)
    came, says = _told(outcome, len(to))
    log.info("test_sent", issue=issue.pk, addresses=len(to), outcome=came.value, status=status)
    return TestOutcome(came, to if came in (Came.ACCEPTED, Came.UNKNOWN) else (), refused, says)


def _request(issue: Issue, mail: PersonalisedMail, to: Sequence[str]) -> bytes:
    newsletter = issue.newsletter
    message = Message(
        from_email=newsletter.from_email,
        from_name=newsletter.from_name,
        reply_to=newsletter.reply_to or None,
        subject=f"{MARK} {mail.subject}",
        text=mail.text,
        html=mail.html,
        categories=("test",),
        custom_args={"mailer_test": str(issue.pk)},
        click_tracking=False,
        open_tracking=False,
    )
    return body(compile_message(message), RecipientParts(to, [""] * len(to)))


def _later(later: Later) -> str:
    if later.reason == "redis":
        return "Nothing was sent: Redis does not answer, so nobody knows the account's pace. Try again."
    wait = max(1, round(later.seconds))
    return f"Nothing was sent: the account's pace has no room at the moment. Try again in {wait} seconds."


def _told(outcome: Outcome, count: int) -> tuple[Came, str]:
    match outcome:
        case Accepted():
            where = "the address" if count == 1 else f"{count} addresses"
            return Came.ACCEPTED, f"SendGrid accepted the test for {where}: look into the inbox."
        case Unknown(reason):
            return Came.UNKNOWN, (
                f"It is not known whether SendGrid took the test ({reason}). It is not sent again by itself: look into "
                "the inbox first."
            )
        case Retry(reason):
            return Came.NOT_SENT, f"SendGrid did not take it ({reason}). Try again in a moment."
        case TooLarge(message) | Rejected(message=message):
            return Came.REFUSED, f"SendGrid refused the test: {message}"
    return Came.REFUSED, f"SendGrid refused the test: {outcome.message} Run: mailer doctor"
