"""From the rows of a claimed batch to the JSON of its request."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from mailer.delivery.editions import edition_of
from mailer.delivery.links import links_of, message_headers, recipient_headers
from mailer.delivery.models import Edition
from mailer.issues.builder.getters import compile_tags
from mailer.sendgrid.payload import CompiledMessage, Message, RecipientPart, body, compile_message
from mailer.sendgrid.screen import unsendable

SUBSCRIBER_FIELDS = ("email", "first_name", "last_name", "language", "time_zone", "country")
"""What merge tags see of a subscriber, beside the attributes."""


@dataclass(frozen=True)
class CompiledEdition:
    """All that a request needs of an edition, made once in each worker: editions never change."""

    message: CompiledMessage
    links: Callable[[int], dict[str, str]]
    values: Callable[[dict[str, Any]], list[tuple[str, str]]]
    unsubscribe_email: str


@dataclass(frozen=True)
class Recipient:
    """A subscriber as merge tags see one."""

    id: int
    email: str
    fields: dict[str, Any]


@lru_cache(maxsize=128)
def compiled_edition(edition_id: int) -> CompiledEdition:
    """The edition with this id, ready to be sent.

    Raises:
        PayloadError: SendGrid would refuse it whoever the recipients are.
    """
    edition = Edition.objects.select_related("send__issue__newsletter").get(pk=edition_id)
    newsletter = edition.send.issue.newsletter
    message = Message(
        from_email=newsletter.from_email,
        from_name=newsletter.from_name,
        reply_to=newsletter.reply_to or None,
        subject=edition.subject,
        text=edition.text,
        html=edition.html,
        categories=(newsletter.slug,),
        headers=message_headers(newsletter, edition.send_id),
        custom_args={"mailer_send": str(edition.send_id)},
    )
    return CompiledEdition(
        message=compile_message(message),
        links=links_of(edition.send.mailing_list_id, edition.send_id),
        values=compile_tags(edition_of(edition).tags),
        unsubscribe_email=newsletter.unsubscribe_email,
    )


def recipient_part(edition: CompiledEdition, recipient: Recipient) -> RecipientPart:
    """What one recipient gets of their own."""
    links = edition.links(recipient.id)
    fields = recipient.fields
    return RecipientPart(
        email=recipient.email,
        name=f"{fields['first_name']} {fields['last_name']}".strip(),
        substitutions=edition.values({"subscriber": fields, "links": links}),
        custom_args={"mailer_subscriber": str(recipient.id)},
        headers=recipient_headers(links["unsubscribe"], edition.unsubscribe_email),
    )


def sendable(
    edition: CompiledEdition, recipients: Sequence[Recipient]
) -> tuple[list[tuple[int, RecipientPart]], dict[int, str]]:
    """Part those whom SendGrid takes from those for whom it would refuse the whole request.

    Returns: (subscriber id, part) of each that may go, in order; and the reason by id of each that may not.
    """
    parts = [recipient_part(edition, recipient) for recipient in recipients]
    refused = {found.index: found.reason for found in unsendable(edition.message, parts)}
    good = [(recipients[n].id, part) for n, part in enumerate(parts) if n not in refused]
    return good, {recipients[n].id: reason for n, reason in refused.items()}


def request_body(edition: CompiledEdition, parts: Sequence[RecipientPart], submission_id: UUID) -> bytes:
    """The request of one submission. Its id comes back with every event, and proves that it was accepted."""
    return body(edition.message, parts, {"mailer_submission": str(submission_id)})
