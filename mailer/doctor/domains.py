"""The authenticated domains of the account, and the one that SendGrid signs a sender's mail with."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from mailer.doctor.account import Account, Row
from mailer.doctor.installation import Installation
from mailer.doctor.result import Check, Verdict

SCOPE = "whitelabel.read"


@dataclass(frozen=True)
class Record:
    """A DNS record that SendGrid asked for: `role` is its name there, `kind` cname, txt or mx."""

    role: str
    kind: str
    host: str
    data: str
    valid: bool


@dataclass(frozen=True)
class Entry:
    """An authenticated domain or a branded link. `valid` is what SendGrid found when it last looked."""

    domain: str
    valid: bool
    records: tuple[Record, ...]

    def record(self, *roles: str) -> Record | None:
        """The first record with one of these roles."""
        return next((record for record in self.records if record.role in roles), None)


def authentication(account: Account, domain: str) -> Entry | None:
    """The authenticated domain for mail from `domain`: it, or the nearest above it. Raises CannotSee."""
    return entry_for(account.rows("whitelabel/domains", SCOPE), domain)


def entry_for(rows: Iterable[Row], domain: str) -> Entry | None:
    """The entry for this domain, or for the nearest above it; of several the valid one."""
    entries = [_entry(row) for row in rows]
    fit = [entry for entry in entries if is_within(domain, entry.domain)]
    return max(fit, key=lambda entry: (len(entry.domain), entry.valid), default=None)


def is_within(name: str, domain: str) -> bool:
    """Whether a name is a domain or lies under it."""
    return bool(domain) and (name == domain or name.endswith(f".{domain}"))


def for_domains(
    installation: Installation, subject: str, look: Callable[[Installation, str], Verdict]
) -> Iterator[Check]:
    """A check for each domain that a newsletter's mail comes from; several newsletters may share one."""
    for domain in dict.fromkeys(sender.domain for sender in installation.senders or ()):
        yield Check(subject, domain, partial(look, installation, domain))


def _entry(row: Row) -> Entry:
    records = row.get("dns")
    return Entry(
        domain=_name(row.get("domain")),
        valid=row.get("valid") is True,
        records=tuple(
            Record(
                str(role),
                str(record.get("type", "")).lower(),
                _name(record.get("host")),
                str(record.get("data", "")),
                record.get("valid") is True,
            )
            for role, record in (records.items() if isinstance(records, dict) else ())
            if isinstance(record, dict)
        ),
    )


def _name(value: object) -> str:
    return value.lower().rstrip(".") if isinstance(value, str) else ""
