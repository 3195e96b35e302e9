"""SendGrid's tracking settings. Each message says for itself what it wants, so the account's settings change nothing
in mailer's mail; they are shown, because they do in everybody else's.

https://www.twilio.com/docs/sendgrid/ui/account-and-settings/tracking
"""

from collections.abc import Iterator
from functools import partial

from mailer.doctor.installation import Installation
from mailer.doctor.result import CannotSee, Check, Verdict, fine

SUBJECT = "SendGrid's tracking"
WANTED = {
    "click": (True, "each message asks for it, in HTML only: clicks are counted by it"),
    "open": (True, "each message asks for it: opens are counted by it"),
    "subscription": (
        False,
        "each message switches it off: links and headers to unsubscribe are mailer's own",
    ),
}
"""By the name at SendGrid: what mailer's messages ask for, and why."""


def checks(installation: Installation) -> Iterator[Check]:
    """One for each setting."""
    for name in WANTED:
        yield Check(SUBJECT, name, partial(_setting, installation, name))


def _setting(installation: Installation, name: str) -> Verdict:
    shown = installation.account.row(f"tracking_settings/{name}", f"tracking_settings.{name}.read")
    enabled = shown.get("enabled")
    if not isinstance(enabled, bool):
        raise CannotSee("SendGrid does not say whether it is on.")
    wanted, why = WANTED[name]
    seen = f"{'On' if enabled else 'Off'} for the account; {why}."
    if enabled == wanted:
        return fine(seen)
    other = "on" if wanted else "off"
    return fine(seen, f"Switch it {other} for the account too, if nothing else sends with it.")
