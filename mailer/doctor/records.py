"""A record that SendGrid asked for, looked up."""

from mailer.doctor.domains import Record
from mailer.doctor.resolver import NoSuchName, Resolver
from mailer.doctor.result import Verdict, wrong


def broken_alias(resolver: Resolver, record: Record) -> Verdict | None:
    """What is wrong with an alias; None where nothing is, or the record is of another kind. Raises CannotSee."""
    if record.kind != "cname":
        return None
    try:
        target = resolver.alias(record.host)
    except NoSuchName as error:
        return wrong(f"{error}.", cname(record))
    if target is None:
        return wrong(f"{record.host} has no CNAME record.", cname(record))
    if target != record.data.lower().rstrip("."):
        return wrong(f"{record.host} leads to {target}, not to {record.data}.", cname(record))
    return None


def cname(record: Record) -> str:
    """What to do about an alias."""
    return f"Enter it where the domain's DNS is kept: {record.host} CNAME {record.data}"


def texts(resolver: Resolver, name: str, beginning: str) -> list[str]:
    """The TXT records of a name that begin with a version, such as v=spf1; none where there is no such name.

    Raises CannotSee.
    """
    try:
        found = resolver.texts(name)
    except NoSuchName:
        return []
    return [text for text in found if text.strip().lower().startswith(beginning)]


def tags(record: str) -> dict[str, str]:
    """The values by tag of a record like `v=DMARC1; p=none` (RFC 6376, section 3.2); names in lower case."""
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): value.strip() for name, found, value in pairs if found}
