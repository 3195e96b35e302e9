"""The exports of other systems, told by the names in their headers, and what their columns mean here.

Their headers were read off exports and the programs that write them: Mailchimp's audience export (one file each for
subscribed, unsubscribed and cleaned contacts), SendGrid Marketing's contacts, listmonk's subscribers, and Substack's
list in both of its forms. What a format does not name is guessed as in any other file.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath

from subscribers.importing.status import Standing, plain


@dataclass(frozen=True)
class Format:
    """An export of another system.

    Attributes:
        signs: columns that all stand in its header; of each group one.
        columns: what a column means, by its name: targets as `--map` takes them, several where it means several.
    """

    name: str
    signs: tuple[tuple[str, ...], ...]
    columns: dict[str, tuple[str, ...]]

    def fits(self, names: frozenset[str]) -> bool:
        """Args: names: of the header, plain."""
        return all(any(plain(sign) in names for sign in group) for group in self.signs)


def _columns(**targets: str) -> dict[str, tuple[str, ...]]:
    return {plain(name): tuple(means.split()) for name, means in targets.items()}


MAILCHIMP = Format(
    "Mailchimp audience export",
    (
        ("Email Address", "Email"),
        ("LEID", "EUID", "MEMBER_RATING"),
        ("OPTIN_TIME", "CONFIRM_TIME", "LAST_CHANGED"),
    ),
    _columns(
        email_address="email",
        member_rating="attributes.member_rating:number",
        optin_time="signed_up consent.opt_in_time",
        optin_ip="consent.opt_in_ip",
        confirm_time="signed_up consent.confirm_time",
        confirm_ip="consent.confirm_ip",
        unsub_time="consent.unsubscribed_at",
        unsub_campaign_title="-",
        unsub_campaign_id="-",
        unsub_reason="consent.reason",
        unsub_reason_other="-",
        clean_time="consent.cleaned_at",
        clean_campaign_title="-",
        clean_campaign_id="-",
        latitude="-",
        longitude="-",
        gmtoff="-",
        dstoff="-",
        timezone="time_zone",
        cc="country",
        region="attributes.region",
        last_changed="-",
        leid="-",
        euid="-",
        notes="attributes.notes",
        tags="topics attributes.tags:list",
        status="state",
    ),
)
SENDGRID = Format(
    "SendGrid Marketing contacts",
    (
        ("email",),
        ("created_at",),
        ("updated_at",),
        ("contact_id", "alternate_emails", "state_province_region"),
    ),
    _columns(
        email="email",
        first_name="first_name",
        last_name="last_name",
        country="country",
        alternate_emails="-",
        contact_id="-",
        created_at="signed_up",
        updated_at="-",
    ),
)
LISTMONK = Format(
    "listmonk subscribers",
    (("uuid",), ("email",), ("name",), ("attributes",), ("status",)),
    _columns(
        uuid="-",
        email="email",
        name="name",
        attributes="attributes",
        status="state",
        created_at="signed_up",
        updated_at="-",
    ),
)
SUBSTACK_LIST = Format(
    "Substack e-mail list",
    (("email",), ("active_subscription",), ("email_disabled",)),
    _columns(
        email="email",
        active_subscription="attributes.active_subscription:yes_no",
        expiry="attributes.expiry:date",
        plan="attributes.plan",
        email_disabled="disabled",
        created_at="signed_up",
        first_payment_at="attributes.first_payment_at:date",
    ),
)
SUBSTACK_SUBSCRIBERS = Format(
    "Substack subscribers",
    (("Email",), ("Stripe plan",), ("Start date",)),
    _columns(
        email="email",
        name="name",
        type="attributes.subscription_type",
        subscription_type="attributes.subscription_type",
        stripe_plan="attributes.stripe_plan",
        cancel_date="attributes.cancel_date:date",
        start_date="signed_up",
        activity="attributes.activity:number",
        email_disabled="disabled",
    ),
)
OURS = Format(
    "export of mailer",
    (
        (
            "subscription.state",
            "subscription.cadence",
            "subscription.paused_until",
            "subscription.source",
            "subscription.since",
            "subscription.changed_at",
            "suppressed_for",
            "known_since",
        ),
    ),
    _columns(
        subscription_state="state",
        subscription_cadence="-",
        subscription_paused_until="-",
        subscription_source="-",
        subscription_since="signed_up",
        subscription_changed_at="-",
        suppressed_for="-",
        known_since="-",
    ),
)
"""What is the store's own record stays as it is: see subscribers/exporting/columns.py."""
FORMATS = (OURS, MAILCHIMP, SENDGRID, LISTMONK, SUBSTACK_LIST, SUBSTACK_SUBSCRIBERS)


def recognise(names: Iterable[str]) -> Format | None:
    """The system that wrote a header; None for no one that is known."""
    plain_names = frozenset(map(plain, names))
    return next((each for each in FORMATS if each.fits(plain_names)), None)


def standing_of_file(found: Format | None, names: Iterable[str], file: str) -> Standing | None:
    """How everybody in the file stands, where it is a file of those who left or bounced; None for any other.

    Mailchimp writes them into files of their own, which have no column that says so.

    Args:
        file: its name.
    """
    plain_names = frozenset(map(plain, names))
    if found is not MAILCHIMP or "status" in plain_names:
        return None
    start = PurePath(file).name.lower()
    if "unsubtime" in plain_names or start.startswith(("unsubscribed", "nonsubscribed")):
        return Standing.UNSUBSCRIBED
    if "cleantime" in plain_names or start.startswith("cleaned"):
        return Standing.BOUNCE
    return None
