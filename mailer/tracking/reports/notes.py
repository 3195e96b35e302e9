"""What each figure counts, in words, and the rates that people compare."""

from mailer.delivery.progress import Progress
from mailer.tracking.reports.figures import Note, Rate, Totals

NOTES = (
    Note("recipients", "Recipients", "people it goes or went to, those who still wait among them", ""),
    Note("sent", "Sent", "people for whom SendGrid accepted the mail", ""),
    Note("delivered", "Delivered", "people whose receiving server took the mail", "sent"),
    Note(
        "bounced",
        "Bounced",
        "people whose mail the receiving server refused: hard bounces and blocks",
        "sent",
    ),
    Note("hard", "Hard bounces", "people whose address is dead; it is suppressed", "sent"),
    Note("blocked", "Blocked", "people whose mail was refused this time; the address is good", "sent"),
    Note("dropped", "Dropped", "people SendGrid did not try, for a reason it names", "sent"),
    Note(
        "deferred", "Deferred", "people whose mail was put off at least once, whatever became of it", "sent"
    ),
    Note(
        "silent",
        "Nothing heard",
        "people of whom nothing final was heard yet after SendGrid accepted",
        "sent",
    ),
    Note("opened", "Opened", "people who opened it: their mail program fetched its pictures", "delivered"),
    Note(
        "machine_opened",
        "Machine opens",
        "people whose mail a program opened: in advance, or to scan it; in no rate",
        "delivered",
    ),
    Note("clicked", "Clicked", "people who clicked any link", "delivered"),
    Note(
        "machine_clicked",
        "Machine clicks",
        "people whose links a program followed, to scan them; in no rate",
        "delivered",
    ),
    Note("opened_and_clicked", "Click-to-open", "people who opened and clicked", "opened"),
    Note("complained", "Complained", "people who pressed the spam button", "delivered"),
    Note("unsubscribed", "Unsubscribed", "people who left by way of this mail", "delivered"),
)


def rates_of(totals: Totals, identity: Progress) -> tuple[Rate, ...]:
    """The shares that people compare, each with what it is a share of."""
    delivered, accepted = totals.delivered, identity.accepted
    by_sendgrid = "accepted by SendGrid"
    return (
        Rate("delivered", "Delivered", delivered, accepted, by_sendgrid),
        Rate("opened", "Opened", totals.opened, delivered, "delivered", "by people, not machines"),
        Rate("clicked", "Clicked", totals.clicked, delivered, "delivered", "on any link, by people"),
        Rate(
            "opened_and_clicked",
            "Click-to-open",
            totals.opened_and_clicked,
            totals.opened,
            "who opened",
            "how many clicked too",
        ),
        Rate("bounced", "Bounced", totals.bounced, accepted, by_sendgrid, "hard and blocked"),
        Rate("complained", "Complained", totals.complained, delivered, "delivered", "by the spam button"),
        Rate(
            "unsubscribed", "Unsubscribed", totals.unsubscribed, delivered, "delivered", "by way of this mail"
        ),
    )
