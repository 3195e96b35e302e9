"""Languages, time zones and countries as files spell them, brought to the form in which they are stored.

Each answers "" for what it does not know: nothing is guessed. The few different values of a large file are
looked up once.
"""

import re
from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import available_timezones

_LANGUAGE = re.compile(
    r"(?P<language>[a-z]{2,3})(?:-(?P<script>[a-z]{4}))?(?:-(?P<region>[a-z]{2}|[0-9]{3}))?"
    r"(?P<variants>(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*)",
    re.IGNORECASE | re.ASCII,
)
LONGEST_LANGUAGE = 35
NO_PLACES = {"localtime", "Factory"}
"""What the folder of time zones also holds."""
OTHER_NAMES = {
    "UK": "GB",
    "Britain": "GB",
    "Great Britain": "GB",
    "United Kingdom": "GB",
    "England": "GB",
    "Scotland": "GB",
    "Wales": "GB",
    "USA": "US",
    "U.S.A.": "US",
    "United States of America": "US",
    "America": "US",
    "UAE": "AE",
    "Korea": "KR",
    "South Korea": "KR",
    "Republic of Korea": "KR",
    "North Korea": "KP",
    "Czechia": "CZ",
    "Holland": "NL",
    "The Netherlands": "NL",
    "Russian Federation": "RU",
    "Viet Nam": "VN",
    "Mainland China": "CN",
    "PRC": "CN",
    "Macao": "MO",
    "Hong Kong SAR": "HK",
    "Burma": "MM",
    "Myanmar": "MM",
    "Türkiye": "TR",
    "Ivory Coast": "CI",
    "Eswatini": "SZ",
    "Bosnia and Herzegovina": "BA",
    "Trinidad and Tobago": "TT",
}


@lru_cache(maxsize=4096)
def language(value: str) -> str:
    """`zh_CN`, `ZH-cn` and `zh_CN.UTF-8` are zh-CN: the shape and the case of RFC 5646 (BCP 47), 2.1.1."""
    found = _LANGUAGE.fullmatch(value.partition(".")[0].replace("_", "-"))
    if not found or len(found[0]) > LONGEST_LANGUAGE:
        return ""
    parts = [found["language"].lower()]
    if found["script"]:
        parts.append(found["script"].title())
    if found["region"]:
        parts.append(found["region"].upper())
    return "-".join(parts) + found["variants"].lower()


@lru_cache(maxsize=4096)
def time_zone(value: str) -> str:
    """The IANA name, whatever its case."""
    return _time_zones().get(value.replace(" ", "_").casefold(), "")


@lru_cache(maxsize=4096)
def country(value: str) -> str:
    """The two letters of ISO 3166-1, from themselves or from an English name."""
    return _countries().get(value.casefold(), "")


@cache
def country_names() -> dict[str, str]:
    """The English name of each country by its two letters, from the time zone database's own table."""
    table = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text("utf-8").splitlines()
    return dict(line.split("\t") for line in table if line and not line.startswith("#"))


@cache
def _time_zones() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones() - NO_PLACES}


@cache
def _countries() -> dict[str, str]:
    codes = country_names()
    named = {name.casefold(): code for code, name in codes.items()}
    other = {name.casefold(): code for name, code in OTHER_NAMES.items()}
    return {**named, **other, **{code.casefold(): code for code in codes}}
