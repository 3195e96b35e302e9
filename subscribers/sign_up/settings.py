"""The settings of a list's form, checked together before they are saved."""

import re
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from subscribers.models import Asked, MailingList
from subscribers.sign_up.fields import BadFields, parse_fields

LONGEST = 200
"""Characters of an address or an origin, as the store's columns."""
LOOPBACK = ("127.0.0.1", "localhost")
ORIGIN = re.compile(r"https?://(?:[a-z0-9-]+\.)*[a-z0-9-]+(?::[0-9]{1,5})?")
"""As browsers send it: in lower case, without a path, the port only where it is not the usual one."""

_is_url = URLValidator(schemes=["https", "http"])


def problems_of(mailing_list: MailingList, wording: str) -> dict[str, list[str]]:
    """What is wrong with a form's settings, by the name of the setting; empty when nothing is.

    Args:
        wording: the consent text, as it would be saved.
    """
    found: dict[str, list[str]] = {}
    try:
        parse_fields(mailing_list.sign_up_fields)
    except BadFields as error:
        found["sign_up_fields"] = error.problems
    if unknown := sorted(set(mailing_list.sign_up_asks) - set(Asked)):
        found["sign_up_asks"] = [
            f"A form cannot ask for {', '.join(unknown)}: it can for {', '.join(Asked)}."
        ]
    for name in ("sign_up_next", "confirmed_next"):
        if (url := getattr(mailing_list, name)) and (problem := _url_problem(url)):
            found[name] = [problem]
    if wrong := [origin for origin in mailing_list.sign_up_origins if not is_origin(origin)]:
        found["sign_up_origins"] = [
            f"{', '.join(wrong)}: write an origin as browsers send it, such as https://www.example.org, "
            "in small letters and without a path."
        ]
    elif too_long := [origin for origin in mailing_list.sign_up_origins if len(origin) > LONGEST]:
        found["sign_up_origins"] = [
            f"an origin has {len(too_long[0])} characters, and {LONGEST} at most are kept."
        ]
    if mailing_list.sign_up_open and not wording.strip():
        found["wording"] = ["The form cannot be open without a text that says what people agree to."]
    return found


def is_origin(text: str) -> bool:
    """Whether it is an origin of a site; plain http is for this machine only."""
    if not ORIGIN.fullmatch(text):
        return False
    parts = urlsplit(text)
    return parts.scheme == "https" or parts.hostname in LOOPBACK


def origin_of(url: str) -> str:
    """The origin that a URL belongs to."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _url_problem(url: str) -> str:
    try:
        _is_url(url)
    except ValidationError:
        return f"{url} is not the whole address of a page, such as https://www.example.org/thanks."
    if len(url) > LONGEST:
        return f"the address has {len(url)} characters, and {LONGEST} at most are kept."
    if not is_origin(origin_of(url).lower()):
        return f"{url} has to begin with https:// and a plain host name."
    return ""
