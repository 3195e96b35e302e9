"""The names that tracked links have: without a branded link they lead to sendgrid.net, which filters see."""

from collections.abc import Iterator

from mailer.doctor.domains import SCOPE, entry_for, for_domains
from mailer.doctor.installation import Installation
from mailer.doctor.records import cname
from mailer.doctor.resolver import NoSuchName
from mailer.doctor.result import Check, Verdict, fine, wrong

SUBJECT = "Links in mails"


def checks(installation: Installation) -> Iterator[Check]:
    """One for each domain that mail comes from."""
    return for_domains(installation, SUBJECT, _links)


def _links(installation: Installation, domain: str) -> Verdict:
    found = entry_for(installation.account.rows("whitelabel/links", SCOPE), domain)
    if found is None:
        return fine(
            "Tracked links lead to sendgrid.net.",
            f"Link branding under {domain} makes them look like yours: Settings, Sender Authentication.",
        )
    record = found.record("domain_cname")
    if record is None or not found.valid:
        return wrong(
            f"Link branding for {found.domain} was set up, but SendGrid did not find its record.",
            "Enter the CNAME where the domain's DNS is kept, then press Verify: Settings, Sender Authentication.",
        )
    try:
        # Not where it leads: a proxy of one's own may stand in front, so that the links have TLS.
        leads = installation.resolver.has_address(record.host)
    except NoSuchName as error:
        return wrong(f"{error}: every tracked link in a mail is dead.", cname(record))
    if not leads:
        return wrong(f"{record.host} leads nowhere: every tracked link in a mail is dead.", cname(record))
    return fine(f"They lead to {record.host}.")
