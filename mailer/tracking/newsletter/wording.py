"""What the figures of a newsletter are called and what they count, in the terminal, on the page and in files alike."""

from mailer.tracking.newsletter.figures import EVER, FEW, Hours, NewsletterReport

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

GROWTH = {
    "signed_up": "sign-ups by form, confirmed or not",
    "joined": "people who began to get it: confirmed, imported, or back by a link in a mail",
    "confirmed": "people who confirmed their sign-up",
    "imported": "people whom a file put on the list",
    "by_link": "people who joined or came back by a link in a mail",
    "left": "people who left, or were taken off by staff or a file",
    "gone": "people who stopped getting it, each by what came first: left, suppressed or erased",
    "erased": "people who got it when they were erased",
    "net": "joined less gone",
    "size": "people who got it at the end, counted back from the list as it is now",
}
SUPPRESSED = "people who got it until their address was suppressed for this reason"

HEALTH = {
    "people": "people who get the newsletter: on the list and not suppressed",
    "suppressed": "people on the list who get nothing because their address is suppressed",
    "unconfirmed": "people who signed up and have not confirmed",
    "asked_pause": "people who paused their mail",
    "soft_bounces": "people whose mail is paused because it was refused again and again",
    "roles": "people with an address of a role, such as info@ or sales@",
    "slips": "people whose domain is one slip away from a great provider's, such as gmial.com",
    "never": f"people who were sent issues, of the last {EVER}, and opened or clicked none of them",
    "sent": f"people on the list who were sent any of the last {EVER} issues",
    "days": "days since the subscription began: half of the people are longer on the list",
    "young": "people on the list for less than 90 days",
    "old": "people on the list for two years or more",
}

ARRIVALS = {
    "sent": "people to whom SendGrid accepted it",
    "delivered": "people whose server took it",
    "bounced": "people whose address is dead (hard bounce)",
    "blocked": "people whose server refused it this time; the address is good",
    "complained": "people who called it spam",
    "opened": "people who opened it; programs are not counted",
}

REASONS = {
    "bounce": "hard bounce",
    "complaint": "complaint",
    "invalid": "invalid address",
    "unsubscribe": "wants no mail at all",
    "manual": "by staff",
}


def clock(hour: int) -> str:
    """An hour of the day: 09:00–10:00."""
    return f"{hour:02}:00–{(hour + 1) % 24:02}:00"


def best(hours: Hours) -> str:
    """The best hour in a sentence, with how much it is based on."""
    if hours.best is None or hours.best_hour is None:
        return "Nobody opened or clicked anything yet."
    day, hour = hours.best
    caution = f" These are fewer than {FEW}: take it for a hint." if hours.few else ""
    return (
        f"Most opens and clicks fall on {DAYS[day]}, {clock(hour)}; over all days, on {clock(hours.best_hour)}. "
        f"Based on {hours.total:,}, of which {hours.own:,} in the reader's own time zone or their country's.{caution}"
    )


def span(report: NewsletterReport) -> str:
    """The issues that topics, hours and domains are counted over: the last 12 issues (88 to 99)."""
    if not report.issues:
        return "no issue yet"
    newest, oldest = report.issues[0].number, report.issues[-1].number
    if len(report.issues) == 1:
        return f"the only issue that went out ({newest})"
    return f"the last {len(report.issues)} issues ({oldest} to {newest})"


def points(difference: float | None) -> str:
    """A difference of two shares in percentage points: +4.0."""
    if difference is None:
        return "–"
    rounded = round(difference * 100, 1)
    return f"{rounded:+.1f}" if rounded else "0.0"


def age(days: int | None) -> str:
    """A number of days in the unit that people would use."""
    if days is None:
        return "–"
    if days < 60:
        return f"{days:,} day{'s' if days != 1 else ''}"
    return f"{days / 30.44:.0f} months" if days < 730 else f"{days / 365.25:.1f} years"
