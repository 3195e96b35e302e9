"""What a send comes to, told before it goes out: how many get what, when and where, and who does not and why."""

from dataclasses import dataclass
from datetime import datetime

from mailer.issues.lint import Finding, blocking


@dataclass(frozen=True)
class ReasonCount:
    """How many people one reason holds for. `words` say it to people, `reason` names it in commands."""

    reason: str
    words: str
    people: int


@dataclass(frozen=True)
class EditionCount:
    """How many get these stories. `number` names it in commands: 1 is the one that most get."""

    number: int
    story_ids: tuple[int, ...]
    headlines: tuple[str, ...]
    people: int


@dataclass(frozen=True)
class ZoneCount:
    """How many live by the clocks of one time zone, and when they get it.

    `first` and `last` are the same where all get it at one moment; None is at once.
    """

    zone: str
    people: int
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True)
class DomainCount:
    """How many have their mailbox at one receiving domain."""

    domain: str
    people: int


@dataclass(frozen=True)
class VariantCount:
    """How many are tried with one variant of an A/B test."""

    number: int
    subject: str
    preheader: str
    people: int


@dataclass(frozen=True)
class Difference:
    """The recipients beside those of the newsletter's last send, whose further sends count with it.

    Args:
        send: its number.
        recipients: who got it then, or may have; those whose mail bounced among them.
        kept: who got it then and get it now.
        new: who get it now and did not then; the reason is JOINED, OFF_AUDIENCE, or the one that held then.
        out: who got it then and do not now; the reason is OFF_LIST, OFF_AUDIENCE, or the one that holds now.
    """

    send: int
    issue: str
    recipients: int
    kept: int
    new: tuple[ReasonCount, ...]
    out: tuple[ReasonCount, ...]


@dataclass(frozen=True)
class Forecast:
    """What a send comes to. candidates = recipients + excluded.

    Args:
        send: its number, None where it is not planned yet.
        audience: whom on the list it is for, in words.
        schedule: when it goes out, in words.
        requests: how many are made of SendGrid, when none of them has to be made in parts.
        editions: those that somebody gets, most people first.
        domains: the largest ones; `other_domains` and `other_domain_people` are the rest.
        variants: those of the A/B test; empty without one. `untested` are those who get the winner.
        until: when the last go is expected, where the newsletter's ceilings make it late; None without any.
        findings: of the checks on the issue as it is now; one that is an error forbids sending.
        difference: None where nothing of the newsletter went out before.
    """

    send: int | None
    issue: str
    mailing_list: str
    audience: str
    planned_at: datetime | None
    started_at: datetime | None
    schedule: str
    candidates: int
    recipients: int
    requests: int
    excluded: tuple[ReasonCount, ...]
    editions: tuple[EditionCount, ...]
    zones: tuple[ZoneCount, ...]
    domains: tuple[DomainCount, ...]
    other_domains: int
    other_domain_people: int
    variants: tuple[VariantCount, ...]
    untested: int
    until: datetime | None
    findings: tuple[Finding, ...]
    difference: Difference | None

    @property
    def blocked(self) -> tuple[Finding, ...]:
        """The findings that forbid sending."""
        return blocking(self.findings)
