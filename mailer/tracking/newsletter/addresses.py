"""Addresses of a list that look odd: those of a role, and those with a slip in the name of a great provider."""

from dataclasses import dataclass

from django.db.backends.utils import CursorWrapper

from mailer.issues.models import Newsletter
from mailer.tracking.newsletter.readers import READERS
from subscribers.cleaning.flags import ROLES, meant

_ADDRESSES = f"""
WITH {READERS}
SELECT substring(address FROM '[^@]*$'), count(*),
    count(*) FILTER (WHERE substring(address FROM '^(.*)@') = ANY(%(roles)s))
FROM (SELECT lower(email) AS address FROM reader) known GROUP BY 1
"""


@dataclass(frozen=True)
class Odd:
    """People with an address of a role, and people whose domain may be a slip."""

    roles: int
    slips: int


def odd_addresses(cursor: CursorWrapper, newsletter: Newsletter) -> Odd:
    """Count them among those who get the newsletter; by the rules by which imports flag them."""
    cursor.execute(_ADDRESSES, {"list": newsletter.mailing_list_id, "roles": sorted(ROLES)})
    domains = cursor.fetchall()
    return Odd(
        sum(roles for _, _, roles in domains), sum(people for domain, people, _ in domains if meant(domain))
    )
