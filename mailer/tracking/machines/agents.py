"""What a user agent says of an open or click: whether it is a program's; if not, mail program and device.

Browsers, devices and bots are ua-parser's to know (https://github.com/ua-parser/uap-core); what it does not know of mail
stands here.
"""

from dataclasses import dataclass
from functools import lru_cache

from ua_parser import Result, parse

from mailer.tracking.machines.rules import PREFETCH, SCANNER

LONGEST = 500
"""Characters of a user agent that are looked at."""

PREFETCHERS = (
    # Apple Mail Privacy Protection, where SendGrid's flag is missing: https://github.com/ua-parser/uap-core/issues/509
    "Mozilla/5.0",
    # Gmail, while somebody has it open; not when they open the mail:
    # https://www.sparkpost.com/blog/gmail-prefetching-images/
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135"
    " Safari/537.36 Edge/12.246 Mozilla/5.0",
)
"""Whole user agents that fetch pictures before a mail is read."""

IMAGE_PROXIES = {
    # Fetches a picture when somebody opens the mail in Gmail, and hides their own user agent and network:
    # https://www.scientiamobile.com/what-is-google-image-proxy/
    "googleimageproxy": "Gmail",
    # The same of Yahoo: https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html
    "yahoomailproxy": "Yahoo Mail",
}
"""Part of a user agent in small letters → the mail service in which a person opened the mail. No proxy clicks links."""

SCANNERS = (
    # Security gateways that name themselves
    *(
        "barracuda",
        "mimecast",
        "proofpoint",
        "cloudmark",
        "forcepoint",
        "messagelabs",
        "trendmicro",
        "fireeye",
    ),
    # Microsoft: Office looks whether a link exists; Teams and Skype preview it
    *("office existence discovery", "safelinks", "skypeuripreview", "microsoftpreview"),
    # Google Messages' preview
    "googlemessages/",
    # Libraries and browsers without a screen: nobody reads mail with them
    *("python", "curl/", "wget/", "go-http-client", "java/", "httpclient", "libwww-perl", "lua-resty-http"),
    *("axios/", "node-fetch", "guzzlehttp", "php/", "headless", "phantomjs", "selenium", "puppeteer"),
)
"""Parts, in small letters, of user agents of link scanners that ua-parser does not call spiders."""

MAIL_PROGRAMS = {
    "thunderbird": "Thunderbird",
    "outlook": "Outlook",
    "ms-office": "Outlook",
    "airmail": "Airmail",
    "em client": "eM Client",
    "postbox": "Postbox",
    "mailbird": "Mailbird",
    "the bat": "The Bat!",
    "lotus-notes": "HCL Notes",
    "hcl notes": "HCL Notes",
    "windows live mail": "Windows Live Mail",
    "k-9": "K-9 Mail",
    "samsung email": "Samsung Email",
}
"""Part of a user agent in small letters → mail program."""

# ua-parser's names of what shows pages inside an app; on a device of Apple's that is its Mail, or one that says no more.
APPLE_MAIL = ("Apple Mail", "Mobile Safari UI/WKWebView")
BROWSERS = ("Chrome", "Chromium", "Safari", "Firefox", "Edge", "Opera", "Samsung Internet", "Vivaldi", "IE")
DESKTOPS = ("Windows", "Mac OS X", "Linux", "Chrome OS", "Ubuntu", "Fedora", "Debian", "FreeBSD")


@dataclass(frozen=True)
class Agent:
    """What a user agent says.

    Attributes:
        open_rule, click_rule: the rule by which an open or click with it is a program's, "" for a person's.
        program: the mail program, "Webmail" for a browser; "" where it cannot be told.
        device: phone, tablet or desktop; "" where it cannot be told.
    """

    open_rule: str = ""
    click_rule: str = ""
    program: str = ""
    device: str = ""


def agent_of(user_agent: str) -> Agent:
    """Look at a user agent, which may be anything. Millions of opens have a few thousand of them."""
    return _look(user_agent[:LONGEST])


@lru_cache(maxsize=16_384)
def _look(text: str) -> Agent:
    small = text.lower()
    if text in PREFETCHERS:
        return Agent(PREFETCH, SCANNER)
    for part, service in IMAGE_PROXIES.items():
        if part in small:
            return Agent("", SCANNER, service)
    parsed = parse(text)
    if (parsed.device and parsed.device.family == "Spider") or any(part in small for part in SCANNERS):
        return Agent(SCANNER, SCANNER)
    return Agent("", "", _program(small, parsed), _device(small, parsed))


def _program(small: str, parsed: Result) -> str:
    for part, name in MAIL_PROGRAMS.items():
        if part in small:
            return name
    family = parsed.user_agent.family if parsed.user_agent else ""
    if family in APPLE_MAIL:
        return "Apple Mail"
    if "; wv)" in small:
        return "Android mail app"
    return "Webmail" if family.removeprefix("Mobile ").startswith(BROWSERS) else ""


def _device(small: str, parsed: Result) -> str:
    system = parsed.os.family if parsed.os else ""
    device = parsed.device.family if parsed.device else ""
    if system in ("iOS", "iPadOS"):
        return "tablet" if device.startswith("iPad") else "phone"
    if system == "Android":
        # A tablet's browser leaves the word out: https://developer.chrome.com/docs/multidevice/user-agent
        return "phone" if "mobile" in small or device == "Generic Smartphone" else "tablet"
    return "desktop" if system in DESKTOPS else ""
