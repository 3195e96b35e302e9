"""SPF (RFC 7208): which servers may send for the domain of the return path, which is SendGrid's to name."""

import re
from collections.abc import Iterator

from mailer.doctor.domains import Entry, Record, authentication, for_domains
from mailer.doctor.installation import Installation
from mailer.doctor.records import broken_alias, texts
from mailer.doctor.resolver import Resolver
from mailer.doctor.result import CannotSee, Check, Verdict, fine, wrong

SUBJECT = "SPF"
MOST_LOOKUPS = 10
"""Of DNS that a record may cause, its includes' too (RFC 7208, section 4.6.4)."""
LOOKS_UP = re.compile(r"[+?~-]?(include:|exists:|redirect=|a(?![a-z])|mx(?![a-z])|ptr(?![a-z]))(\S*)", re.I)
SENDGRID = re.compile(r"include:(eu\.)?sendgrid\.net\b", re.I)


def checks(installation: Installation) -> Iterator[Check]:
    """One for each domain that mail comes from."""
    return for_domains(installation, SUBJECT, _spf)


def _spf(installation: Installation, domain: str) -> Verdict:
    hidden: CannotSee | None = None
    found: Entry | None = None
    try:
        found = authentication(installation.account, domain)
    except CannotSee as failure:
        hidden = failure
    return_path = found and found.record("mail_cname", "subdomain_spf")
    if return_path:
        return _of_return_path(installation.resolver, return_path)
    return _of_domain(installation.resolver, domain, hidden)


def _of_return_path(resolver: Resolver, record: Record) -> Verdict:
    """Bounces go to a name under the sender's domain, and receivers ask there, not at the From address's domain."""
    broken = broken_alias(resolver, record)
    if broken:
        return broken
    found = texts(resolver, record.host, "v=spf1")
    if not found:
        return wrong(
            f"The return path {record.host} has no SPF record.",
            f"Enter it where the domain's DNS is kept: {record.host} {record.kind.upper()} {record.data}",
        )
    return _judge(resolver, f"The return path {record.host}", record.host, found)


def _of_domain(resolver: Resolver, domain: str, hidden: CannotSee | None) -> Verdict:
    found = texts(resolver, domain, "v=spf1")
    if any(SENDGRID.search(text) for text in found):
        return _judge(resolver, domain, domain, found)
    if hidden:
        raise CannotSee(
            f"Which return path SendGrid uses is not shown: {hidden} {domain} itself does not let SendGrid send, which "
            "is no fault where the return path lies under it.",
            hidden.todo,
        ) from hidden
    return wrong(
        f"SendGrid knows no return path under {domain}, and its SPF record does not let SendGrid send.",
        "Authenticate the domain at SendGrid: Settings, Sender Authentication.",
    )


def _judge(resolver: Resolver, what: str, name: str, found: list[str]) -> Verdict:
    if len(found) > 1:
        return wrong(
            f"{what} has {len(found)} SPF records; receivers then count none (RFC 7208, 4.5).",
            "Make one record of them.",
        )
    if re.search(r"\s\+?all\b", found[0], re.I):
        return wrong(
            f"{what}: {found[0]} lets the whole world send in your name.", "End it with ~all or -all."
        )
    lookups = _lookups(resolver, name, found[0], set())
    if lookups > MOST_LOOKUPS:
        return wrong(
            f"{what}: more than {MOST_LOOKUPS} lookups; receivers then give up (RFC 7208, 4.6.4).",
            "Take out includes that are not needed any more.",
        )
    return fine(f"{what}: {found[0]}")


def _lookups(resolver: Resolver, name: str, record: str, seen: set[str]) -> int:
    """How many lookups a record causes; one more than MOST_LOOKUPS stands for all that are too many."""
    seen.add(name)
    count = 0
    for term in record.split()[1:]:
        found = LOOKS_UP.fullmatch(term)
        if not found:
            continue
        count += 1
        target = found[2].lower().rstrip(".")
        follows = found[1].lower() in ("include:", "redirect=") and "%" not in target
        if follows and target not in seen and count <= MOST_LOOKUPS:
            for text in texts(resolver, target, "v=spf1")[:1]:
                count += _lookups(resolver, target, text, seen)
        if count > MOST_LOOKUPS:
            return MOST_LOOKUPS + 1
    return count
