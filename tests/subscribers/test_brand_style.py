"""The newsletter's colour on the pages: readable whatever it is."""

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from subscribers.brand_style import DARK_GROUNDS, LIGHT_GROUNDS, style_of
from subscribers.colours import contrast
from tests.subscribers.readers import link, make_list, make_reader, publish, strict_client

STYLE_SHEET = (Path(__file__).resolve().parents[2] / "static" / "public.css").read_text()
colours = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


def values(css: str, name: str) -> list[str]:
    """The colours that a custom property is given, in their order: by day, by night."""
    return re.findall(rf"--{name}: ?(#[0-9a-f]{{6}})", css)


@given(colours)
@example("#ffffff")
@example("#000000")
@example("#ffd400")
@example("#777777")
@example("#0000ff")
def test_text_in_and_on_the_colour_can_be_read(colour):
    css = style_of(colour)
    fill, on_fill = values(css, "fill"), values(css, "on-fill")
    assert contrast(*fill, *on_fill) >= 4.5
    light, dark = values(css, "accent")
    assert min(contrast(light, ground) for ground in LIGHT_GROUNDS) >= 4.5
    assert min(contrast(dark, ground) for ground in DARK_GROUNDS) >= 4.5


def test_the_grounds_are_those_of_the_style_sheet():
    names = ("paper", "ground", "note-ground", "good-ground", "bad-ground")
    assert tuple(values(STYLE_SHEET, name)[0] for name in names) == LIGHT_GROUNDS
    assert tuple(values(STYLE_SHEET, name)[1] for name in names) == DARK_GROUNDS


@pytest.mark.parametrize("night", [0, 1])
def test_the_pages_own_colours_can_be_read(night):
    def colour(name):
        return values(STYLE_SHEET, name)[night]

    for text in ("ink", "soft", "accent"):
        for ground in ("paper", "ground", "note-ground"):
            assert contrast(colour(text), colour(ground)) >= 4.5
    for kind in ("good", "bad"):
        assert contrast(colour(kind), colour(f"{kind}-ground")) >= 4.5
    assert contrast(colour("bad"), colour("paper")) >= 4.5
    assert contrast(colour("edge"), colour("paper")) >= 3


@pytest.mark.django_db
def test_a_page_has_the_colour_of_its_newsletter():
    weekly = make_list("weekly", "Weekly")
    publish(weekly, colour="#FFD400")
    client = strict_client()
    page = client.get(link("preferences", make_reader(weekly)))
    address = re.search(r'href="(/brand/[^"]+)"', page.text)[1]
    style = client.get(address)
    assert (style.status_code, style["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert "--fill:#ffd400" in style.text
    assert "style-src 'self'" in page["Content-Security-Policy"]
    assert not style.cookies


@pytest.mark.parametrize("colour", ["red", "fff", "0f5c6e7", "0f5c6g", "}body{", "0f5c6e;", "%0a0f5c6e"])
def test_what_is_no_colour_has_no_style(colour):
    assert strict_client().get(f"/brand/{colour}.css").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("logo", "allowed"),
    [
        ("https://cdn.example.com/logo.png", " https://cdn.example.com;"),
        ("https://cdn.example.com:8443/logo.png", " https://cdn.example.com:8443;"),
        ("", "img-src 'self';"),
        ("https://cdn.example.com; script-src *", " https://cdn.example.com;"),
        ("javascript:alert(1)", "img-src 'self';"),
    ],
)
def test_a_page_may_show_the_logo_and_nothing_else_from_elsewhere(logo, allowed):
    weekly = make_list("weekly", "Weekly")
    publish(weekly, logo=logo)
    policy = strict_client().get(link("preferences", make_reader(weekly)))["Content-Security-Policy"]
    assert allowed in policy
    assert "script-src" not in policy
