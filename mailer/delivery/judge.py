"""What the guard makes of a look at a send: the limits, and a finding in words for each that is passed."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Limit:
    """A share that counts from `least` cases in at least `among` people on: below, chance alone reaches it."""

    share: Fraction
    least: int
    among: int

    def passed(self, cases: int, people: int) -> bool:
        """Whether so many cases among so many people reach the limit."""
        return self.possible(cases, people) and people >= self.among

    def possible(self, cases: int, people: int) -> bool:
        """Whether it may be passed when it is only known that there are this many people at least."""
        return cases >= self.least and cases >= self.share * max(people, self.among)


# Gmail wants less than 0.10 % and never 0.30 % (support.google.com/mail/answer/81126). One complaint more or less is
# the whole limit in a thousand people; a sender at a harmless 0.02 % gets three in a thousand once in 900 times.
COMPLAINTS = Limit(Fraction("0.001"), 3, 1_000)
"""Of those delivered: pauses."""
COMPLAINTS_WARNED = Limit(Fraction("0.0005"), 3, 1_000)
"""Of those delivered: the owner is told once."""
# A list with 2 % of dead addresses, which is still usual, has 20 of them in 400 answers less than once in 4,000 times.
HARD_BOUNCES = Limit(Fraction("0.05"), 20, 200)
"""Of those answered: pauses."""
# No fewer people are asked for: where the first twenty are all refused, the rest will be.
REFUSALS = Limit(Fraction("0.05"), 20, 20)
"""Of those answered, refused with any 5.7.x (RFC 3463: security or policy): pauses."""
REFUSALS_WARNED = Limit(Fraction("0.01"), 20, 20)
"""The same: the owner is told once, and at the first of AUTHENTICATION."""
# Many receivers ask the same lists, so one that names a list speaks for those who say less.
LISTED_WARNED = Limit(Fraction(0), 1, 1)
"""Of those answered, refused with a block list as the reason: the owner is told once. It pauses as REFUSALS does."""
UNPROVEN = Limit(Fraction(1, 2), 20, 20)
"""Of the newest requests, without an answer that proves anything: pauses, past half of them."""
NEWEST = 40
"""Requests that are looked at for that."""

# RFC 7372: DKIM, SPF, reverse DNS, several of them (20 to 26). Gmail: SPF 27, DKIM 30, DMARC missing 31, From not
# aligned 32, DMARC without a policy 40. Microsoft: DMARC 509, a bulk sender that is not authenticated 515.
AUTHENTICATION = tuple(f"5.7.{detail}" for detail in (*range(20, 28), 30, 31, 32, 40, 509, 515))
"""What a receiver answers to mail that fails authentication: one is enough to tell the owner. The other 5.7.x are
mostly about content and reputation, and some come with every large send: see REFUSALS_WARNED."""


@dataclass(frozen=True)
class Seen:
    """What a look at a send showed, in people; `refusals` are those with a 5.7.x, `authentication` the part of them
    that names it, `listed` those refused for a block list. `unproven` are requests without a proof among the `newest`.
    `where` names the receiving domains of the refusals, `listed_where` those of the block lists."""

    complaints: int = 0
    hard_bounces: int = 0
    refusals: int = 0
    authentication: int = 0
    listed: int = 0
    delivered: int = 0
    answered: int = 0
    unproven: int = 0
    newest: int = 0
    where: str = ""
    listed_where: str = ""


@dataclass(frozen=True)
class Finding:
    """What the owner must know. `pauses` says that a limit was passed at which a running send stops."""

    kind: str
    text: str
    pauses: bool


def judge(seen: Seen) -> Iterator[Finding]:
    """What a look calls for, the most urgent first."""
    if seen.authentication or REFUSALS_WARNED.passed(seen.refusals, seen.answered):
        yield Finding(
            "authentication",
            f"Receivers refuse this mail for its authentication or by policy (5.7.x): {seen.refusals:,} of "
            f"{seen.answered:,} answered, {_percent(seen.refusals, seen.answered)}; it pauses at "
            f"{_limit(REFUSALS)}. Where: {seen.where}. Check SPF, DKIM and DMARC of the sender's domain, and Sender "
            "Authentication at SendGrid.",
            REFUSALS.passed(seen.refusals, seen.answered),
        )
    if LISTED_WARNED.passed(seen.listed, seen.answered):
        yield Finding(
            "blocklist",
            f"Receivers refuse this mail because its server or a link in it stands on a block list: {seen.listed:,} of "
            f"{seen.answered:,} answered, {_percent(seen.listed, seen.answered)}; it pauses at {_limit(REFUSALS)}. "
            f"Where, and which list: {seen.listed_where}. Look up the sending IP at SendGrid, and the domains of the "
            "mail's links, on the page of that list. With an IP of your own ask the list to take it off, once you know "
            "what brought it there (old addresses, complaints); with one that you share ask SendGrid's support.",
            REFUSALS.passed(seen.listed, seen.answered),
        )
    if COMPLAINTS_WARNED.passed(seen.complaints, seen.delivered):
        yield Finding(
            "complaints",
            f"{seen.complaints:,} of {seen.delivered:,} who got it complained about spam, "
            f"{_percent(seen.complaints, seen.delivered)}; it pauses at {_limit(COMPLAINTS)}, because receivers put "
            "such a sender's mail into the spam folder. Look at where these addresses came from, and at whether "
            "readers find the way out.",
            COMPLAINTS.passed(seen.complaints, seen.delivered),
        )
    if HARD_BOUNCES.passed(seen.hard_bounces, seen.answered):
        yield Finding(
            "bounces",
            f"{seen.hard_bounces:,} of {seen.answered:,} answered are hard bounces, addresses that are dead, "
            f"{_percent(seen.hard_bounces, seen.answered)}; it pauses at {_limit(HARD_BOUNCES)}. Look at how old the "
            "list is and where it came from.",
            True,
        )
    if UNPROVEN.possible(seen.unproven, seen.newest) and 2 * seen.unproven > seen.newest:
        yield Finding(
            "errors",
            f"{seen.unproven} of the last {seen.newest} requests brought no answer that proves anything, and more "
            "would only add to what is unknown. Nothing is lost: evidence settles it, or you do (mailer settle). "
            "Resume when SendGrid answers again.",
            True,
        )


def _percent(cases: int, people: int) -> str:
    return f"{100 * cases / max(people, 1):.2f} %"


def _limit(limit: Limit) -> str:
    return f"{100 * float(limit.share):.2f} %"
