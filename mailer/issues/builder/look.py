"""The look of an issue: colours for light and dark, fonts and direction, made from newsletter and language."""

from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from mailer.issues.builder.script import Style, direction, font_stack, outlook_font, written_as
from subscribers.colours import readable_on, text_on

_PAGE = "#f1f3f5"
_MUTED = "#5f656d"
_DARK_CARD = "#1c1f23"
_FONTS: dict[str, Style] = {"sans": "sans", "serif": "serif", "rounded": "rounded", "mono": "mono"}


@dataclass(frozen=True, slots=True)
class Look:
    """What a theme may use as `look`; colours are `#rrggbb`."""

    accent: str
    on_accent: str
    link: str
    dark_accent: str
    direction: Literal["ltr", "rtl"]
    start: Literal["left", "right"]
    end: Literal["left", "right"]
    arrow: str
    fonts: Markup
    outlook_font: str
    line_height: str
    page: str = _PAGE
    page_muted: str = _MUTED
    card: str = "#ffffff"
    ink: str = "#1c2024"
    muted: str = _MUTED
    rule: str = "#e1e4e8"
    dark_page: str = "#121416"
    dark_card: str = _DARK_CARD
    dark_ink: str = "#e9ebee"
    dark_muted: str = "#a3a9b1"
    dark_rule: str = "#363b41"


def look_for(theme: str, language: str, colour: str, page: str = "", font: str = "") -> Look:
    """Return the look of an issue.

    Args:
        theme: the name of its theme, which decides about what is not chosen here.
        language: BCP 47.
        colour: the accent, `#rrggbb`.
        page: what the issue stands on, `#rrggbb`; empty: light grey.
        font: sans, serif, rounded or mono; empty: as the theme has it.
    """
    style = _FONTS.get(font, "serif" if theme == "letter" else "sans")
    ground = page or _PAGE
    right_to_left = direction(language) == "rtl"
    return Look(
        accent=colour,
        on_accent=text_on(colour),
        link=readable_on(colour, "#ffffff"),
        dark_accent=readable_on(colour, _DARK_CARD),
        direction="rtl" if right_to_left else "ltr",
        start="right" if right_to_left else "left",
        end="left" if right_to_left else "right",
        arrow="←" if right_to_left else "→",
        # Names of fonts are constants of script.py; escaping their quotes would only cost bytes.
        fonts=Markup(font_stack(language, style)),  # noqa: S704
        outlook_font=outlook_font(language, style),
        # Dense or tall scripts need more air between the lines.
        line_height="1.75"
        if written_as(language) in {"zh-Hans", "zh-Hant", "ja", "ko", "ar", "fa", "ur"}
        else "1.6",
        page=ground,
        page_muted=readable_on(_MUTED, ground),
    )
