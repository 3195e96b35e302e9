"""SendGrid's event webhook: whether what happens to the mail is told, to us, and so that we believe it."""

from collections.abc import Iterator, Mapping
from functools import partial
from urllib.parse import urlsplit

from django.urls import reverse

from mailer.doctor.account import Row
from mailer.doctor.installation import Installation
from mailer.doctor.result import CannotSee, Check, Verdict, fine, wrong

SUBJECT = "SendGrid's event webhook"
PATH = "user/webhooks/event/settings/all"
SCOPE = "user.webhooks.event.settings.read"
WHERE = "Settings, Mail Settings, Event Webhooks"
USED: Mapping[str, str] = {
    "processed": "proof that a submission was accepted",
    "delivered": "deliveries",
    "deferred": "delays",
    "bounce": "bounces, and that nobody is written to after one",
    "dropped": "what SendGrid did not even try",
    "open": "opens",
    "click": "clicks",
    "spam_report": "complaints, and that nobody is written to after one",
    "unsubscribe": "unsubscribes through SendGrid",
    "group_unsubscribe": "unsubscribes from a group of SendGrid's",
}
"""By the name of the switch at SendGrid: what is missing while it is off."""


def checks(installation: Installation) -> Iterator[Check]:
    """Of one hook: that whose address is ours."""
    yield Check(SUBJECT, "address", partial(_address, installation))
    yield Check(SUBJECT, "signature", partial(_signature, installation))
    yield Check(SUBJECT, "events", partial(_events, installation))


def _address(installation: Installation) -> Verdict:
    ours = our_address(installation)
    hooks = _hooks(installation)
    mine = [hook for hook in hooks if hook.get("url") == ours]
    on = [hook for hook in mine if hook.get("enabled") is True]
    if len(on) > 1:
        return fine(
            f"{len(on)} hooks post to {ours}.",
            "Remove all but one: each event comes as often, and counts once.",
        )
    if on:
        return fine(f"Events are posted to {ours}.")
    if mine:
        return wrong(f"The hook to {ours} is switched off: reports stay empty.", f"Enable it: {WHERE}.")
    others = ", ".join(_shown(hook) for hook in hooks[:3])
    return wrong(
        f"No hook posts to {ours}{f' (there are: {others})' if others else ''}: reports stay empty.",
        f"Create one with exactly this address, signed, with all events: {WHERE}.",
    )


def _signature(installation: Installation) -> Verdict:
    key = _ours(installation).get("public_key")
    if not isinstance(key, str) or not key:
        return wrong(
            "Its posts are not signed, so all of them are refused.",
            f"Switch Signature Verification on ({WHERE}) and put the key into SENDGRID_WEBHOOK_KEYS.",
        )
    if key.strip() not in installation.environment.sendgrid_webhook_keys:
        return wrong(
            f"Signed with a key that is not in SENDGRID_WEBHOOK_KEYS, so all posts are refused. It ends with {key[-8:]}.",
            f"Add it to SENDGRID_WEBHOOK_KEYS and restart web: {WHERE} shows it.",
        )
    return fine("Signed with a key that is in SENDGRID_WEBHOOK_KEYS.")


def _events(installation: Installation) -> Verdict:
    hook = _ours(installation)
    off = [name for name in USED if hook.get(name) is not True]
    if off:
        missing = "; ".join(f"{name} ({USED[name]})" for name in off)
        return wrong(f"Switched off: {missing}.", f"Switch them on: {WHERE}.")
    return fine(f"All {len(USED)} that mailer uses are switched on.")


def our_address(installation: Installation) -> str:
    """Where SendGrid has to post events."""
    return installation.environment.public_url + reverse("sendgrid-events")


def _hooks(installation: Installation) -> list[Row]:
    return installation.account.rows(PATH, SCOPE, within="webhooks")


def _ours(installation: Installation) -> Row:
    """The hook that posts to us; one that is on before one that is off."""
    mine = [hook for hook in _hooks(installation) if hook.get("url") == our_address(installation)]
    if not mine:
        raise CannotSee("There is no hook of ours to look at.", "See: address.")
    return max(mine, key=lambda hook: hook.get("enabled") is True)


def _shown(hook: Row) -> str:
    """Another hook's address, without the password and the query that it may hold."""
    try:
        parts = urlsplit(str(hook.get("url")))
        return f"{parts.scheme}://{parts.hostname}{parts.path}"
    except ValueError:
        return "one that cannot be read"
