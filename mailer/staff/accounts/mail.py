"""Mail to the staff itself, such as invitations and new passwords: one mail, one request to SendGrid, at once.

Django sends all its mail through the class here. Newsletters do not go this way.
"""

from collections.abc import Sequence
from email.utils import parseaddr

import structlog
from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend

from mailer.delivery.submit import sendgrid
from mailer.issues.models import Newsletter
from mailer.sendgrid.errors import PayloadError
from mailer.sendgrid.outcome import Accepted, Unknown, classify
from mailer.sendgrid.payload import Message, RecipientParts, body, compile_message

log = structlog.get_logger()
NAME = "mailer"
"""Of the sender, where STAFF_MAIL_FROM says who that is."""


class CannotMail(Exception):
    """A mail was not handed over; the message says why and what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class SendGridBackend(BaseEmailBackend):
    """Django's way to send mail (EMAIL_BACKEND)."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Hand mails to SendGrid. What it may have taken counts as sent: it is not tried again.

        Raises:
            CannotMail: one was not taken; those after it are not tried.
        """
        sent = 0
        for message in email_messages:
            try:
                _hand_over(message)
            except CannotMail as error:
                log.warning("staff_mail_not_sent", code=error.code)
                if not self.fail_silently:
                    raise
            else:
                sent += 1
        return sent


def sender() -> tuple[str, str]:
    """Address and name of who writes to the staff.

    Raises:
        CannotMail: nothing says who.
    """
    if settings.ENVIRONMENT.staff_mail_from:
        return settings.ENVIRONMENT.staff_mail_from, NAME
    if newsletter := Newsletter.objects.order_by("pk").first():
        return newsletter.from_email, newsletter.from_name
    raise CannotMail("no_sender", "No mail goes out: there is no newsletter yet. Set STAFF_MAIL_FROM.")


def _hand_over(message: EmailMessage) -> None:
    name, address = parseaddr(message.from_email)
    if not address:
        address, name = sender()
    plain = message.content_subtype != "html"
    html = "" if plain else str(message.body)
    if isinstance(message, EmailMultiAlternatives):
        html = next((str(part) for part, kind in message.alternatives if kind == "text/html"), html)
    recipients = message.recipients()
    try:
        compiled = compile_message(
            Message(
                from_email=address,
                from_name=name or NAME,
                subject=" ".join(message.subject.split()),
                text=str(message.body) if plain else "",
                html=html,
                categories=("staff",),
                click_tracking=False,
                open_tracking=False,
            )
        )
        request = body(compiled, RecipientParts(recipients, [""] * len(recipients)))
    except PayloadError as error:
        raise CannotMail(error.code, f"The mail cannot be sent: {error}") from error
    outcome = classify(sendgrid().send_mail(request))
    if not isinstance(outcome, Accepted | Unknown):
        kind = type(outcome).__name__.lower()
        raise CannotMail(kind, "SendGrid did not take the mail. mailer doctor says what is wrong.")
    log.info("staff_mail_sent", people=len(recipients))
