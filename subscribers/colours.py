"""Colours made from a newsletter's accent so that text on or in it stays readable (WCAG 2.1, contrast 4.5)."""

import colorsys
import re

READABLE = 4.5
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def is_colour(text: str) -> bool:
    """Tell whether the text is `#rrggbb`."""
    return _COLOUR.fullmatch(text) is not None


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two `#rrggbb` colours, 1 to 21 (WCAG 2.1, 1.4.3)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def text_on(background: str) -> str:
    """Return white where it can be read on the background, else near-black, else black."""
    for colour in ("#ffffff", "#16181b"):
        if contrast(colour, background) >= READABLE:
            return colour
    return "#000000"


def readable_on(colour: str, background: str) -> str:
    """Return the colour, lightened or darkened step by step until it can be read on the background."""
    step = 0.03 if _luminance(background) < 0.18 else -0.03
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(colour))
    while contrast(colour, background) < READABLE and 0 <= lightness + step <= 1:
        lightness += step
        red, green, blue = (
            round(channel * 255) for channel in colorsys.hls_to_rgb(hue, lightness, saturation)
        )
        colour = f"#{red:02x}{green:02x}{blue:02x}"
    return colour


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _luminance(colour: str) -> float:
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in _channels(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
