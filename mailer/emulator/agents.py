"""The user agents with which mails are opened and links clicked, by people and by programs."""

from itertools import accumulate
from typing import NamedTuple

_WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0"
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X)"
_IPAD = "Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X)"
_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"

ON_IPHONE = f"{_IPHONE} {_WEBKIT} Version/18.5 Mobile/15E148 Safari/604.1"
ON_IPAD = f"{_IPAD} {_WEBKIT} Version/17.7 Mobile/15E148 Safari/604.1"
ON_ANDROID = f"Mozilla/5.0 (Linux; Android 10; K) {_CHROME} Mobile Safari/537.36"
ON_MAC = f"{_MAC} {_WEBKIT} Version/18.5 Safari/605.1.15"
ON_WINDOWS = f"{_WINDOWS} {_CHROME} Safari/537.36"

GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
YAHOO = "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"
OUTLOOK = (
    "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; WOW64; Trident/7.0; .NET4.0C; .NET4.0E;"
    " Microsoft Outlook 16.0.17928; ms-office; MSOffice 16)"
)
THUNDERBIRD = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Thunderbird/128.10.0"

APPLE_PREFETCH = "Mozilla/5.0"
GMAIL_PREFETCH = (
    f"{_WINDOWS} AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 Safari/537.36 Edge/12.246"
    " Mozilla/5.0"
)
NAMED_SCANNER = "Barracuda Sentinel (EE)"
SCANNER = f"{_WINDOWS} AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"


class Reader(NamedTuple):
    """Where somebody reads their mail: the user agents of their opens and clicks, and the share of such readers."""

    opens: str
    clicks: str
    share: float


READERS = (
    Reader(GMAIL, ON_ANDROID, 0.22),
    Reader(GMAIL, ON_WINDOWS, 0.14),
    Reader(f"{_IPHONE} {_WEBKIT} Mobile/15E148", ON_IPHONE, 0.20),
    Reader(f"{_IPAD} {_WEBKIT} Mobile/15E148", ON_IPAD, 0.04),
    Reader(f"{_MAC} {_WEBKIT}", ON_MAC, 0.09),
    Reader(OUTLOOK, ON_WINDOWS, 0.12),
    Reader("Outlook-iOS/723.4027091.prod.iphone (4.28.0)", ON_IPHONE, 0.04),
    Reader(THUNDERBIRD, ON_WINDOWS, 0.03),
    Reader(YAHOO, ON_WINDOWS, 0.04),
    Reader(ON_WINDOWS, ON_WINDOWS, 0.05),
    Reader(ON_ANDROID, ON_ANDROID, 0.03),
)
_UP_TO = tuple(accumulate(reader.share for reader in READERS))


def reader_of(variety: float) -> Reader:
    """A reader, by a number from 0 to 1: all such numbers give each of READERS its share."""
    return next((reader for reader, edge in zip(READERS, _UP_TO, strict=True) if variety < edge), READERS[-1])
