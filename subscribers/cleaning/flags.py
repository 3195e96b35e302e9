"""Addresses that are allowed and yet look odd: those of a role, and slips in the names of great mail providers.

They are imported and counted; whoever can ask the person may show the suggestion.
"""

from functools import lru_cache
from typing import NamedTuple

_ROLES = (
    "abuse admin administrator all billing contact enquiries everyone feedback hello help helpdesk hostmaster hr info "
    "inquiries it jobs list mail mailer-daemon marketing media news newsletter no-reply noc noreply office postmaster "
    "press privacy registrar root sales security service spam staff subscribe support team unsubscribe usenet uucp "
    "webmaster www"
)
ROLES = frozenset(_ROLES.split())
"""Names that several people read or none does: those of RFC 2142 and the usual ones."""

GREAT_DOMAINS = (
    "gmail.com",
    "googlemail.com",
    "yahoo.com",
    "yahoo.co.uk",
    "yahoo.fr",
    "yahoo.de",
    "hotmail.com",
    "hotmail.co.uk",
    "hotmail.fr",
    "outlook.com",
    "live.com",
    "msn.com",
    "icloud.com",
    "aol.com",
    "gmx.de",
    "gmx.net",
    "gmx.com",
    "web.de",
    "t-online.de",
    "orange.fr",
    "wanadoo.fr",
    "libero.it",
    "proton.me",
    "protonmail.com",
    "yandex.ru",
    "mail.ru",
    "comcast.net",
    "verizon.net",
    "163.com",
    "126.com",
    "qq.com",
    "sina.com",
    "naver.com",
    "rediffmail.com",
)
"""Of two that are as near, the first is meant."""
_NEIGHBOURS = (
    "gmx.at gmx.ch gmx.us gmx.fr mail.com email.com ymail.com rocketmail.com me.com mac.com live.fr live.nl live.de live.ca live.it "
    "yahoo.it yahoo.es yahoo.ca yahoo.in yahoo.com.br yahoo.co.jp yahoo.co.in hotmail.de hotmail.it hotmail.es hotmail.ca "
    "outlook.fr outlook.de outlook.es 139.com 189.com 188.com sohu.com qq.cn ml.com bol.com aon.com sky.com vodafone.de "
    "hanmail.net daum.net yandex.com yandex.ua ya.ru bk.ru list.ru inbox.ru msn.cn me.de we.de wed.de orange.es orange.pl"
)
NEIGHBOURS = frozenset(_NEIGHBOURS.split())
"""Real ones that lie one slip away from a great one or from each other."""
SHORTEST = 6
"""Characters. Of shorter names nearly everything is one slip away."""


class Flags(NamedTuple):
    """What is odd about an address: whether it is a role's, and the domain that may be meant ("" for none)."""

    role: bool
    suggestion: str

    def __bool__(self) -> bool:
        return self.role or bool(self.suggestion)


NONE = Flags(False, "")


def flags(address: str) -> Flags:
    """What is odd about a valid address. `info@gmial.com`: a role, and gmail.com may be meant."""
    local, _, domain = address.rpartition("@")
    role = local.lower() in ROLES
    suggestion = meant(domain.lower())
    return Flags(role, suggestion) if role or suggestion else NONE


def suggestion(address: str) -> str:
    """The address that may be meant: anna@gmail.com for anna@gmial.com; "" where there is none."""
    local, _, domain = address.rpartition("@")
    found = meant(domain.lower())
    return f"{local}@{found}" if found else ""


@lru_cache(maxsize=16_384)
def meant(domain: str) -> str:
    """The great domain that is one slip (Damerau-Levenshtein 1) away from a domain in lower case; "" for none."""
    if domain in _KNOWN or len(domain) < SHORTEST:
        return ""
    return next((great for great in GREAT_DOMAINS if one_slip(domain, great)), "")


def one_slip(typed: str, right: str) -> bool:
    """Whether one letter too many, too few or wrong, or two that are swapped, make the difference."""
    longer, shorter = (typed, right) if len(typed) >= len(right) else (right, typed)
    if len(longer) - len(shorter) > 1:
        return False
    at = next((n for n, letter in enumerate(shorter) if letter != longer[n]), len(shorter))
    if len(longer) > len(shorter):
        return longer[at + 1 :] == shorter[at:]
    if longer[at + 1 :] == shorter[at + 1 :]:
        return longer != shorter
    return longer[at : at + 2] == shorter[at : at + 2][::-1] and longer[at + 2 :] == shorter[at + 2 :]


_KNOWN = frozenset(GREAT_DOMAINS) | NEIGHBOURS
