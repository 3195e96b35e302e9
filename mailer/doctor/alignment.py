"""Alignment (RFC 7489, section 3.1): whether the domain that signs is the one that the reader sees as the sender.

SendGrid's own signature, by sendgrid.net, aligns with nobody's; receivers of bulk mail ask for one that does.
"""

from collections.abc import Iterator

from mailer.doctor import dmarc
from mailer.doctor.domains import authentication, for_domains
from mailer.doctor.installation import Installation
from mailer.doctor.result import CannotSee, Check, Verdict, fine, wrong

SUBJECT = "Alignment"


def checks(installation: Installation) -> Iterator[Check]:
    """One for each domain that mail comes from."""
    return for_domains(installation, SUBJECT, _alignment)


def _alignment(installation: Installation, domain: str) -> Verdict:
    found = authentication(installation.account, domain)
    if found is None or not found.valid:
        return wrong(
            f"SendGrid signs mail from {domain} as sendgrid.net, which passes DMARC nowhere: {dmarc.BULK}.",
            "Authenticate the domain at SendGrid: Settings, Sender Authentication.",
        )
    if found.domain == domain:
        return fine(f"Signed by {domain} itself.")
    try:
        records = dmarc.find(installation.resolver, domain)
    except CannotSee as failure:
        raise CannotSee(
            f"Signed by {found.domain}, which is good unless DMARC is strict: {failure}"
        ) from failure
    values = records[0].values if len(records) == 1 else {}
    if values.get("adkim", "r").lower() == "s":
        todo = f"Authenticate {domain} at SendGrid, or set adkim=r."
        if values.get("aspf", "r").lower() == "s":
            return wrong(
                f"Signed by {found.domain}, but the DMARC record wants {domain} itself (adkim=s, aspf=s).",
                todo,
            )
        return fine(
            f"Signed by {found.domain}, which does not count (adkim=s); only the return path does, until mail is "
            "forwarded.",
            todo,
        )
    return fine(f"Signed by {found.domain}, which counts for {domain} (relaxed).")
