"""Addresses as they are kept: whole, and without what others track readers by."""

from urllib.parse import parse_qsl, urlsplit

import httpx

from mailer.issues.fetching import FetchError
from mailer.issues.fetching.fetch import LONGEST_ADDRESS, web_address

_TRACKING = frozenset(
    {
        "fbclid",
        "gclid",
        "gclsrc",
        "dclid",
        "gbraid",
        "wbraid",
        "msclkid",
        "twclid",
        "ttclid",
        "yclid",
        "igshid",
        "igsh",
    }
    | {
        "mc_cid",
        "mc_eid",
        "_hsenc",
        "_hsmi",
        "__hstc",
        "__hssc",
        "vero_id",
        "oly_anon_id",
        "oly_enc_id",
        "mkt_tok",
    }
    | {"rb_clickid", "s_cid", "li_fat_id", "cmpid", "ref_src", "_openstat", "wickedid", "_branch_match_id"}
)
_TRACKING_BEGINNINGS = ("utm_", "pk_", "mtm_", "hsa_", "at_")


def without_tracking(url: str) -> str:
    """An address without parameters that say where a reader came from; the others stay as they are written."""
    head, mark, tail = url.partition("?")
    if not mark:
        return url
    query, hash_mark, fragment = tail.partition("#")
    kept = [part for part in query.split("&") if part and not _tracks(part)]
    return head + (f"?{'&'.join(kept)}" if kept else "") + hash_mark + fragment


def _tracks(part: str) -> bool:
    name = next((name.lower() for name, _ in parse_qsl(part, keep_blank_values=True)), "")
    return name in _TRACKING or name.startswith(_TRACKING_BEGINNINGS)


def joined(base: str, url: str) -> str | None:
    """The web address that a page or feed at `base` means by `url`; None where it is none, such as javascript:,
    or too long."""
    if not url.strip():
        return None
    try:
        whole = str(web_address(str(httpx.URL(base).join(url.strip()))))
    except (FetchError, httpx.InvalidURL, ValueError):
        return None
    # Braces would open a merge tag.
    kept = without_tracking(whole).replace("{", "%7B").replace("}", "%7D")
    return kept if len(kept) <= LONGEST_ADDRESS else None


def canonical(found: str, named: str | None) -> str:
    """The address of a page: the one that it names itself, where that is one of the same site, else where it was found.

    A page may say of itself that it is its site's front page, or somebody else's; neither is where it was found.
    """
    own = joined(found, found) or found
    wanted = joined(found, named) if named else None
    if wanted is None or _site(wanted) != _site(own):
        return own
    if urlsplit(wanted).path in ("", "/") and urlsplit(own).path not in ("", "/"):
        return own
    # What was found encrypted is not linked to in the clear.
    secure = own.startswith("https:") and wanted.startswith("http:")
    return f"https{wanted[4:]}" if secure else wanted


def _site(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.").removeprefix("m.").removeprefix("amp.")
