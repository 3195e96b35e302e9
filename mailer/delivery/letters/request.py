"""From a letter to the JSON of its request: from the list's newsletter, to one person, without tracking."""

from dataclasses import dataclass
from uuid import UUID

from mailer.issues.brand import brand
from mailer.issues.models import Newsletter
from mailer.sendgrid.payload import CompiledMessage, Message, RecipientParts, body, compile_message
from mailer.sendgrid.screen import unsendable
from subscribers.letters.compose import compose
from subscribers.letters.moot import address_of
from subscribers.models import Letter


@dataclass(frozen=True)
class LetterRequest:
    """A letter as SendGrid takes it. `refused` says why SendGrid would not, None where it would."""

    message: CompiledMessage
    recipient: RecipientParts
    refused: str | None

    def body(self, submission_id: UUID) -> bytes:
        """The JSON. The submission's id comes back with every event, and proves that it was accepted."""
        return body(self.message, self.recipient, {"mailer_submission": str(submission_id)})


def request_of(letter: Letter, newsletter: Newsletter) -> LetterRequest | None:
    """The request of a letter in its newest words; None when it is moot by now.

    It has no List-Unsubscribe: nobody can unsubscribe from what they asked for a moment ago.

    Raises:
        PayloadError: SendGrid would refuse what the newsletter says of its sender.
        ValueError: what the newsletter says of itself cannot be made into a mail.
    """
    composed = compose(letter, brand(newsletter))
    if composed is None:
        return None
    message = compile_message(
        Message(
            from_email=newsletter.from_email,
            from_name=newsletter.from_name,
            reply_to=newsletter.reply_to or None,
            subject=composed.subject,
            text=composed.text,
            html=composed.html,
            categories=("letter",),
            custom_args={"mailer_letter": str(letter.pk), "mailer_subscriber": str(letter.subscriber_id)},
            click_tracking=False,
            open_tracking=False,
        )
    )
    # Without a name: whoever typed the address into a form could type anything beside it.
    recipient = RecipientParts([address_of(letter)], [""])
    refused = next((found.reason for found in unsendable(message, recipient)), None)
    return LetterRequest(message, recipient, refused)
