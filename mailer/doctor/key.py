"""SendGrid's key: whether it is good, and what does not work for want of a scope."""

from collections.abc import Iterator, Mapping
from functools import partial

from mailer.doctor.installation import Installation
from mailer.doctor.result import CannotSee, Check, Verdict, fine, wrong
from mailer.sendgrid.errors import CallFailed

SUBJECT = "SendGrid's key"
NEEDED_FOR: Mapping[str, tuple[str, ...]] = {
    "nothing can be sent": ("mail.send",),
    "submissions of unknown outcome wait for a person, for SendGrid's logs cannot be read": (
        "messages.read",
    ),
    "SendGrid's suppressions are not taken over": (
        "suppression.bounces.read",
        "suppression.invalid_emails.read",
        "suppression.spam_reports.read",
        "suppression.unsubscribes.read",
    ),
    "suppressions of ours are not told to SendGrid": ("asm.suppressions.global.create",),
    "addresses that were taken off our suppressions stay on SendGrid's": (
        "suppression.bounces.delete",
        "suppression.invalid_emails.delete",
        "asm.suppressions.global.delete",
    ),
}
"""What goes wrong without these scopes. Those that only this check of the account needs are named where it cannot see."""


def checks(installation: Installation) -> Iterator[Check]:
    """Of the key alone: it sends nothing."""
    yield Check(SUBJECT, "key", partial(_key, installation))
    yield Check(SUBJECT, "scopes", partial(_scopes, installation))


def _key(installation: Installation) -> Verdict:
    account, host = installation.account, installation.environment.sendgrid_host
    shown = f"SG.…{account.key_end}" if account.key_end else "The key"
    try:
        scopes = account.scopes()
    except CallFailed as failure:
        if failure.status == 401:
            return wrong(
                f"SendGrid refuses {shown} (401).",
                "Make a new key (Settings, API Keys) and set SENDGRID_API_KEY. An account in the EU region also needs "
                "SENDGRID_HOST=https://api.eu.sendgrid.com.",
            )
        if failure.status == 403:
            return fine(f"{shown} is known at {host}, but may not show its scopes.")
        raise CannotSee(f"{failure.message}.", _way(installation)) from failure
    kind = "the emulator" if installation.emulated else host
    return fine(f"{shown} is good at {kind}; it has {len(scopes):,} scopes.")


def _way(installation: Installation) -> str:
    """What may mend that there is no answer."""
    if installation.emulated:
        return "Start the emulator: mailer up, or mailer emulator"
    return f"Try again. If it stays: does this machine reach {installation.environment.sendgrid_host}?"


def _scopes(installation: Installation) -> Verdict:
    try:
        granted = installation.account.scopes()
    except CallFailed as failure:
        status = f" ({failure.status})" if failure.status else ""
        raise CannotSee(f"SendGrid does not show them{status}.", "See: key.") from failure
    missing = {
        without: absent
        for without, scopes in NEEDED_FOR.items()
        if (absent := [scope for scope in scopes if scope not in granted])
    }
    if not missing:
        return fine("All that mailer needs.")
    lines = "; ".join(f"{without} ({', '.join(scopes)})" for without, scopes in missing.items())
    return wrong(f"Missing: {lines}.", "Give them to the key: at SendGrid, Settings, API Keys, Edit API Key.")
