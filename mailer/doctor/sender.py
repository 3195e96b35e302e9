"""Each newsletter's sender at SendGrid: whether it may send, and in whose name the mail is signed."""

from collections.abc import Iterator
from functools import partial

from mailer.doctor.domains import authentication
from mailer.doctor.installation import Installation, Sender
from mailer.doctor.result import CannotSee, Check, Verdict, fine, wrong
from mailer.sendgrid.errors import PayloadError
from mailer.sendgrid.outcome import Accepted, Refused, Rejected, Retry, Unknown, classify
from mailer.sendgrid.payload import Message, RecipientParts, body, compile_message

SUBJECT = "Senders"
VERIFIED = "sender_verification_eligible"


def checks(installation: Installation) -> Iterator[Check]:
    """Two for each newsletter."""
    if installation.senders is None:
        yield Check(SUBJECT, "newsletters", _unknown)
        return
    if not installation.senders:
        yield Check(SUBJECT, "newsletters", lambda: fine("There are none yet, so no sender to look at."))
    for sender in installation.senders:
        yield Check(SUBJECT, f"{sender.slug}: identity", partial(_identity, installation, sender))
        yield Check(SUBJECT, f"{sender.slug}: trial send", partial(_sandbox, installation, sender))


def _unknown() -> Verdict:
    raise CannotSee(
        "The database does not tell which newsletters there are, so senders and DNS are left out.",
        "See the subject Database.",
    )


def _identity(installation: Installation, sender: Sender) -> Verdict:
    """Authenticated by domain, or verified as a single sender.

    https://www.twilio.com/docs/sendgrid/for-developers/sending-email/sender-identity
    """
    hidden: CannotSee | None = None
    found = None
    try:
        found = authentication(installation.account, sender.domain)
    except CannotSee as failure:
        hidden = failure
    if found and found.valid:
        return fine(f"{sender.from_email}: the domain {found.domain} is authenticated.")
    if found:
        bad = ", ".join(
            f"{record.kind.upper()} {record.host}" for record in found.records if not record.valid
        )
        return wrong(
            f"{sender.from_email}: {found.domain} was set up, but SendGrid did not find its records"
            f"{f' ({bad})' if bad else ''}.",
            "Enter them where the domain's DNS is kept, then press Verify under Settings, Sender Authentication.",
        )
    try:
        rows = installation.account.rows("verified_senders", VERIFIED, within="results")
    except CannotSee as failure:
        raise hidden or failure from failure
    address = sender.from_email.lower()
    if any(str(row.get("from_email")).lower() == address and row.get("verified") is True for row in rows):
        return fine(
            f"{sender.from_email}: verified as a single sender.",
            "Authenticate the domain instead: only then do signatures carry its name.",
        )
    if hidden:
        raise hidden
    todo = "Authenticate the domain at SendGrid: Settings, Sender Authentication."
    if installation.emulated:
        todo += " While you try mailer out nothing depends on it: the emulator takes mail from anybody."
    return wrong(
        f"{sender.from_email}: neither is {sender.domain} authenticated nor the address verified.",
        todo,
    )


def _sandbox(installation: Installation, sender: Sender) -> Verdict:
    """A send in sandbox mode: SendGrid checks it like any other, and delivers nothing."""
    account = installation.account
    if account.may("mail.send") is False:
        raise CannotSee("The key may not send (it lacks the scope mail.send).", "See: scopes.")
    message = Message(
        from_email=sender.from_email,
        from_name=sender.from_name,
        reply_to=sender.reply_to or None,
        subject="Trial of mailer doctor",
        text="SendGrid checks this and delivers it to nobody.",
        sandbox=True,
    )
    try:
        request = body(compile_message(message), RecipientParts([sender.from_email], [""]))
    except PayloadError as error:
        return wrong(f"{error.message}.", "Correct it on the staff site, under Newsletters.")
    match classify(account.client.send_mail(request)):
        case Accepted():
            return fine("SendGrid would take mail from it (tried in sandbox mode: nothing was sent).")
        case Refused("unauthorized", _):
            raise CannotSee("SendGrid refuses the key (401).", "See: key.")
        case Refused(code, said) | Rejected(code, said):
            return wrong(
                f"SendGrid refuses mail from it ({code}): {said}.",
                "Authenticate its domain, or verify the address: Settings, Sender Authentication.",
            )
        case Retry(reason=reason) | Unknown(reason=reason):
            raise CannotSee(f"SendGrid gave no usable answer ({reason}).", "Try again.")
        case _:
            raise CannotSee("SendGrid found the request too large.")
