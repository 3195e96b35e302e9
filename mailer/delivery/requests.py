"""From the rows of a claimed batch to the JSON of its request."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress
from typing import Any
from uuid import UUID

from mailer.delivery.editions import edition_of
from mailer.delivery.links import message_headers, unsubscribe_headers, urls, write_links_out
from mailer.delivery.models import Edition
from mailer.issues.builder.getters import ColumnTags, compile_columns
from mailer.sendgrid.payload import CompiledMessage, Message, RecipientParts, body, compile_message
from mailer.sendgrid.screen import unsendable
from subscribers import tokens
from subscribers.tokens import Scope

SUBSCRIBER_FIELDS = ("email", "first_name", "last_name", "language", "time_zone", "country")
"""What merge tags see of a subscriber, beside the attributes. All of them are texts."""
ADDRESS_FIELDS = frozenset({"email", "first_name", "last_name"})
"""What the To header of every mail is made of."""


@dataclass(frozen=True)
class CompiledEdition:
    """All that a request needs of an edition, made once in each worker: editions never change.

    `keys` stand in the edition for its reader's tokens.
    """

    message: CompiledMessage
    tags: ColumnTags
    keys: Mapping[Scope, str]
    tokens: Mapping[Scope, Callable[[int], str]]
    unsubscribe_email: str

    @property
    def fields(self) -> list[str]:
        """What must be read of a subscriber: some of SUBSCRIBER_FIELDS, and "attributes" where a tag needs them."""
        needed = self.tags.fields | ADDRESS_FIELDS
        return [name for name in (*SUBSCRIBER_FIELDS, "attributes") if name in needed]


@dataclass(frozen=True)
class Recipients:
    """Subscribers of a batch, column by column: `fields` holds a value for each of them by field, in the order of
    `ids`. Attributes are mappings, everything else is text."""

    ids: Sequence[int]
    fields: Mapping[str, Sequence[Any]]


@lru_cache(maxsize=128)
def compiled_edition(edition_id: int) -> CompiledEdition:
    """The edition with this id, ready to be sent.

    Raises:
        PayloadError: SendGrid would refuse it whoever the recipients are.
    """
    row = Edition.objects.select_related("send__issue__newsletter").get(pk=edition_id)
    newsletter, mailing_list_id = row.send.issue.newsletter, row.send.mailing_list_id
    edition, keys = write_links_out(edition_of(row))
    message = Message(
        from_email=newsletter.from_email,
        from_name=newsletter.from_name,
        reply_to=newsletter.reply_to or None,
        subject=edition.subject,
        text=edition.text,
        html=edition.html,
        categories=(newsletter.slug,),
        headers=message_headers(newsletter, row.send_id),
        custom_args={"mailer_send": str(row.send_id)},
    )
    return CompiledEdition(
        message=compile_message(message),
        tags=compile_columns(edition.tags, SUBSCRIBER_FIELDS),
        keys=keys,
        tokens={scope: tokens.maker(scope, mailing_list_id, row.send_id) for scope in Scope},
        unsubscribe_email=newsletter.unsubscribe_email,
    )


def recipient_parts(edition: CompiledEdition, recipients: Recipients) -> RecipientParts:
    """What each recipient gets of their own."""
    ids, fields = recipients.ids, recipients.fields
    manage = list(map(edition.tokens[Scope.MANAGE], ids))
    needs_view = edition.tags.links or Scope.VIEW in edition.keys
    own = {Scope.MANAGE: manage, Scope.VIEW: list(map(edition.tokens[Scope.VIEW], ids)) if needs_view else []}
    links = list(map(urls, own[Scope.MANAGE], own[Scope.VIEW])) if edition.tags.links else []
    return RecipientParts(
        emails=fields["email"],
        names=[
            f"{first} {last}".strip()
            for first, last in zip(fields["first_name"], fields["last_name"], strict=True)
        ],
        substitutions={
            **edition.tags.values(fields, links),
            **{key: own[scope] for scope, key in edition.keys.items()},
        },
        custom_args={"mailer_subscriber": list(map(str, ids))},
        headers=unsubscribe_headers(manage, edition.unsubscribe_email),
    )


def sendable(
    edition: CompiledEdition, recipients: Recipients
) -> tuple[list[int], RecipientParts, dict[int, str]]:
    """Part those whom SendGrid takes from those for whom it would refuse the whole request.

    Returns: the ids of those who may go, and their parts in the same order; and the reason by id of each that
        may not.
    """
    parts = recipient_parts(edition, recipients)
    refused = {found.index: found.reason for found in unsendable(edition.message, parts)}
    if not refused:
        return list(recipients.ids), parts, {}
    good = [n not in refused for n in range(len(parts))]
    reasons = {recipients.ids[n]: reason for n, reason in refused.items()}
    return list(compress(recipients.ids, good)), parts.only(good), reasons


def request_body(edition: CompiledEdition, parts: RecipientParts, submission_id: UUID) -> bytes:
    """The request of one submission. Its id comes back with every event, and proves that it was accepted."""
    return body(edition.message, parts, {"mailer_submission": str(submission_id)})
