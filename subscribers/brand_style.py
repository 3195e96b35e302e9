"""The style sheet that puts the public pages into a newsletter's colour.

It is made of the colour alone and has an address of its own, since the pages allow no style inside themselves.
"""

from subscribers.colours import readable_on, text_on

LIGHT_GROUNDS = ("#ffffff", "#f4f3ef", "#f6f0df", "#e8f3ec", "#fbecea")
DARK_GROUNDS = ("#1d2226", "#14171a", "#332d1c", "#1b3026", "#3a2220")
"""Whatever text in the colour stands on in static/public.css."""


def style_of(colour: str) -> str:
    """The style sheet for an accent `#rrggbb`.

    The buttons and the bar are of the colour itself. Links, edges and the mark of the focus are of the nearest shade
    that can be read on every ground of the page.
    """
    light, dark = _readable_on_all(colour, LIGHT_GROUNDS), _readable_on_all(colour, DARK_GROUNDS)
    return (
        f":root{{--fill:{colour};--on-fill:{text_on(colour)};--accent:{light}}}\n"
        f"@media (prefers-color-scheme:dark){{:root{{--accent:{dark}}}}}\n"
    )


def _readable_on_all(colour: str, grounds: tuple[str, ...]) -> str:
    for ground in grounds:
        colour = readable_on(colour, ground)
    return colour
