"""Where answers go: a sender that cannot be written to is refused by some receivers, and annoys every reader."""

from collections.abc import Iterator
from functools import partial

from mailer.doctor.installation import Installation
from mailer.doctor.resolver import NoSuchName
from mailer.doctor.result import Check, Verdict, fine, wrong

SUBJECT = "Replies"
MEND = "Give the domain an MX record, or the newsletter a reply address that someone reads."


def checks(installation: Installation) -> Iterator[Check]:
    """One for each domain that answers or bounces go to."""
    senders = installation.senders or ()
    for domain in dict.fromkeys(name for sender in senders for name in (sender.domain, sender.replies)):
        yield Check(SUBJECT, domain, partial(_mail_servers, installation, domain))


def _mail_servers(installation: Installation, domain: str) -> Verdict:
    resolver = installation.resolver
    try:
        servers = resolver.mail_servers(domain)
        if not servers and resolver.has_address(domain):
            # RFC 5321, section 5.1: the host itself is its mail server then.
            return fine(
                f"{domain} has no MX record; its own address serves.", "An MX record says so expressly."
            )
    except NoSuchName as error:
        return wrong(f"{error}.", MEND)
    if servers == [""]:
        return wrong(f"{domain} takes no mail at all (null MX, RFC 7505).", MEND)
    if not servers:
        return wrong(f"{domain} has neither MX record nor address.", MEND)
    return fine(f"{domain} is served by {', '.join(servers[:3])}.")
