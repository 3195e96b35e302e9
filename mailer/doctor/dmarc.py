"""DMARC (RFC 7489): what receivers do with mail that only claims to come from the domain.

Gmail and Yahoo take bulk mail only from domains with a record, at least p=none, since February 2024:
https://support.google.com/a/answer/81126
"""

from collections.abc import Iterator
from dataclasses import dataclass

from mailer.doctor.domains import for_domains
from mailer.doctor.installation import Installation
from mailer.doctor.records import tags, texts
from mailer.doctor.resolver import Resolver
from mailer.doctor.result import Check, Verdict, fine, wrong

SUBJECT = "DMARC"
POLICIES = ("none", "quarantine", "reject")
BULK = "Gmail, Yahoo and Microsoft refuse bulk mail without one"


@dataclass(frozen=True)
class Record:
    """What the domain `domain` publishes: `text` as it stands, `values` by tag."""

    domain: str
    text: str
    values: dict[str, str]


def checks(installation: Installation) -> Iterator[Check]:
    """One for each domain that mail comes from."""
    return for_domains(installation, SUBJECT, _dmarc)


def find(resolver: Resolver, domain: str) -> list[Record]:
    """The records that hold for a domain: its own, or those of the nearest domain above it that has any.

    RFC 7489 goes straight to the organisation's domain, which only a list of all public suffixes tells; the walk up
    the tree finds the same one. Raises CannotSee.
    """
    labels = domain.split(".")
    for start in range(max(1, len(labels) - 1)):
        place = ".".join(labels[start:])
        found = texts(resolver, f"_dmarc.{place}", "v=dmarc1")
        if found:
            return [Record(place, text, tags(text)) for text in found]
    return []


def _dmarc(installation: Installation, domain: str) -> Verdict:
    found = find(installation.resolver, domain)
    if not found:
        return wrong(
            f"Neither {domain} nor a domain above it has a record: {BULK}.",
            f'Begin with: _dmarc.{domain} TXT "v=DMARC1; p=none; rua=mailto:dmarc@{domain}"',
        )
    if len(found) > 1:
        return wrong(
            f"_dmarc.{found[0].domain} has {len(found)} records, which counts as none: {BULK}.",
            "Leave one of them.",
        )
    record = found[0]
    reports = "rua" in record.values
    inherited = record.domain != domain
    policy = (record.values.get("sp") if inherited else None) or record.values.get("p", "")
    seen = f"_dmarc.{record.domain}: {record.text}"
    if policy.lower() not in POLICIES:
        return wrong(
            f"{seen}: no policy that receivers understand.",
            f"Give it one of p={', p='.join(POLICIES)}.",
        )
    if not reports:
        return fine(seen, "Add rua=mailto:… to be told who sends in your name.")
    if policy.lower() == "none":
        return fine(seen, "Once the reports show that all your mail passes, go on to p=quarantine.")
    return fine(seen)
