"""How a language is written: its direction, and fonts that hold its characters without a web font."""

import re
from typing import Literal

_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_RIGHT_TO_LEFT = {
    "ar",
    "arc",
    "ckb",
    "dv",
    "fa",
    "he",
    "iw",
    "ks",
    "nqo",
    "prs",
    "ps",
    "sd",
    "syr",
    "ug",
    "ur",
    "yi",
}
_RIGHT_TO_LEFT_SCRIPTS = {"arab", "hebr", "nkoo", "syrc", "thaa", "adlm", "rohg"}

_CHINESE = {
    "sans": {
        "zh-Hans": "'PingFang SC','Hiragino Sans GB','Microsoft YaHei','Noto Sans CJK SC'",
        "zh-Hant": "'PingFang TC','Microsoft JhengHei','Noto Sans CJK TC'",
        "ja": "'Hiragino Sans','Yu Gothic',Meiryo,'Noto Sans CJK JP'",
        "ko": "'Apple SD Gothic Neo','Malgun Gothic','Noto Sans CJK KR'",
    },
    "serif": {
        "zh-Hans": "'Songti SC',SimSun,'Noto Serif CJK SC'",
        "zh-Hant": "'Songti TC',PMingLiU,'Noto Serif CJK TC'",
        "ja": "'Hiragino Mincho ProN','Yu Mincho','Noto Serif CJK JP'",
        "ko": "AppleMyungjo,Batang,'Noto Serif CJK KR'",
    },
}
Style = Literal["sans", "serif", "rounded", "mono"]
_LATIN: dict[Style, str] = {
    "sans": "'Segoe UI','Helvetica Neue',Arial",
    "serif": "Georgia,'Times New Roman'",
    "rounded": "ui-rounded,'Arial Rounded MT Bold','Trebuchet MS',Verdana",
    "mono": "ui-monospace,Menlo,Consolas,'Courier New'",
}
_GENERIC: dict[Style, str] = {
    "sans": "sans-serif",
    "serif": "serif",
    "rounded": "sans-serif",
    "mono": "monospace",
}
_OUTLOOK_LATIN: dict[Style, str] = {
    "sans": "Arial",
    "serif": "Georgia",
    "rounded": "Verdana",
    "mono": "Courier New",
}
# Word falls back to Times New Roman for a stack whose first font it lacks; one font that Windows has is safe.
_OUTLOOK = {
    "zh-Hans": "Microsoft YaHei",
    "zh-Hant": "Microsoft JhengHei",
    "ja": "Meiryo",
    "ko": "Malgun Gothic",
}


def is_language(tag: str) -> bool:
    """Tell whether the text has the form of a BCP 47 tag."""
    return _TAG.fullmatch(tag) is not None


def direction(language: str) -> Literal["ltr", "rtl"]:
    """Return the writing direction of a BCP 47 tag; a script subtag decides before the language does."""
    primary, *subtags = language.lower().split("-")
    for subtag in subtags:
        if len(subtag) == 4 and subtag.isalpha():
            return "rtl" if subtag in _RIGHT_TO_LEFT_SCRIPTS else "ltr"
    return "rtl" if primary in _RIGHT_TO_LEFT else "ltr"


def written_as(language: str) -> str:
    """Return the key of words and fonts for a tag: "zh-Hans" or "zh-Hant" for Chinese, else the language."""
    primary, *subtags = language.lower().split("-")
    if primary == "yue":
        return "zh-Hant"
    if primary != "zh":
        return primary
    if "hans" in subtags:
        return "zh-Hans"
    return "zh-Hant" if {"hant", "tw", "hk", "mo"} & set(subtags) else "zh-Hans"


def font_stack(language: str, style: Style) -> str:
    """Return a CSS font stack; the same Han character looks different in Chinese, Japanese and Korean fonts."""
    families = _CHINESE["serif" if style == "serif" else "sans"]
    east_asian = families.get(written_as(language), families["zh-Hans"])
    return f"{_LATIN[style]},{east_asian},{_GENERIC[style]}"


def outlook_font(language: str, style: Style) -> str:
    """Return the one font that Outlook for Windows is told to use."""
    return _OUTLOOK.get(written_as(language), _OUTLOOK_LATIN[style])
